/* SPDX-License-Identifier: MIT */
#include "account.h"
#include <string.h>

struct response *
account_ping(
    struct house *house, struct request *request, struct json_object *json)
{
	(void)house;
	(void)request;
	(void)json;
	return response_new(200, "application/json", "\"PONG!\"");
}

struct response *
account_ping2(
    struct house *house, struct request *request, struct json_object *json)
{
	(void)house;
	(void)request;
	(void)json;
	return response_new(200, "application/json", "{\"PING\":\"PONG!\"}");
}

struct response *
account_info(
    struct house *house, struct request *request, struct json_object *json)
{
	const struct fault *fault = faults_stand(house->faults, FAULT_BACKLOG);
	g_autofree char *text = g_strdup_printf(
	    "{\"username\":\"simulated\",\"created_at\":\"2020-01-01 "
	    "00:00:00\",\"public_id\":\"aaabbbccc112233\",\"reputation\":42,"
	    "\"hourly_quota\":1000,\"backlog\":%" G_GUINT64_FORMAT
	    ",\"stats\":{}}",
	    fault != NULL ? fault->number : 0);

	(void)request;
	(void)json;
	return response_new(200, "application/json", text);
}

static struct json_object *
print_check(bool valid)
{
	struct json_object *check = json_object_new_object();

	json_object_object_add(check, "valid", json_object_new_boolean(valid));
	json_object_object_add(check, "valid_after", NULL);
	json_object_object_add(check, "error",
	    valid ? NULL : json_object_new_string("No such record was found"));
	return check;
}

static struct json_object *
print_domain(const char *name, const char *state)
{
	bool valid = strcmp(state, "active") == 0;
	struct json_object *domain = json_object_new_object();

	json_object_object_add(domain, "domain", json_object_new_string(name));
	json_object_object_add(domain, "created_at",
	    json_object_new_string("2020-01-01 00:00:00"));
	json_object_object_add(domain, "spf", print_check(valid));
	json_object_object_add(domain, "dkim", print_check(valid));
	json_object_object_add(domain, "verified_at",
	    valid ? json_object_new_string("2020-01-02 00:00:00") : NULL);
	json_object_object_add(
	    domain, "valid_signing", json_object_new_boolean(valid));
	return domain;
}

struct response *
account_domains(
    struct house *house, struct request *request, struct json_object *json)
{
	static const char *const usual[] = { "example.com", NULL };
	const struct fault *fault =
	    faults_stand(house->faults, FAULT_DOMAIN_STATE);
	const char *state = fault != NULL ? fault->argument : "active";
	const char *const *names = house->domains != NULL
				       ? (const char *const *)house->domains
				       : usual;
	struct json_object *list = json_object_new_array();

	(void)request;
	(void)json;
	for (; *names != NULL; names++)
		json_object_array_add(list, print_domain(*names, state));
	return response_new_json(200, list);
}
