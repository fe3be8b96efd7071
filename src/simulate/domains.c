/* SPDX-License-Identifier: MIT */
#include "domains.h"
#include <string.h>

bool
domains_has(struct house *house, const char *domain)
{
	if (faults_stand(house->faults, FAULT_WRONG_REGION) != NULL)
		return false;
	if (house->domains == NULL)
		return true;
	for (char **one = house->domains; *one != NULL; one++) {
		if (g_ascii_strcasecmp(*one, domain) == 0)
			return true;
	}
	return false;
}

static struct json_object *
print_record(const char *type, const char *name, bool valid)
{
	struct json_object *record = json_object_new_object();

	json_object_object_add(
	    record, "record_type", json_object_new_string(type));
	json_object_object_add(record, "name", json_object_new_string(name));
	json_object_object_add(record, "valid",
	    json_object_new_string(valid ? "valid" : "unknown"));
	json_object_object_add(
	    record, "is_active", json_object_new_boolean(valid));
	return record;
}

static struct json_object *
print_records(const char *domain, bool valid)
{
	struct json_object *list = json_object_new_array();
	g_autofree char *key = g_strconcat("mx._domainkey.", domain, NULL);

	json_object_array_add(list, print_record("TXT", domain, valid));
	json_object_array_add(list, print_record("TXT", key, valid));
	return list;
}

static struct json_object *
print_disabling(void)
{
	return json_tokener_parse(
	    "{\"code\":\"bounce-rate\",\"note\":\"\",\"permanently\":false,"
	    "\"reason\":\"Domain disabled: too many bounces\","
	    "\"until\":\"Sat, 01 Jan 2033 00:00:00 GMT\"}");
}

struct response *
domains_describe(struct house *house, const char *domain)
{
	const struct fault *fault =
	    faults_stand(house->faults, FAULT_DOMAIN_STATE);
	const char *state = fault != NULL ? fault->argument : "active";
	bool disabled = strcmp(state, "disabled") == 0;
	struct json_object *inner = json_object_new_object();
	struct json_object *object = json_object_new_object();

	json_object_object_add(inner, "name", json_object_new_string(domain));
	json_object_object_add(inner, "state", json_object_new_string(state));
	json_object_object_add(
	    inner, "is_disabled", json_object_new_boolean(disabled));
	if (disabled)
		json_object_object_add(inner, "disabled", print_disabling());
	json_object_object_add(inner, "type", json_object_new_string("custom"));
	json_object_object_add(object, "domain", inner);
	json_object_object_add(object, "sending_dns_records",
	    print_records(domain, strcmp(state, "unverified") != 0));
	json_object_object_add(
	    object, "receiving_dns_records", json_object_new_array());
	return response_new_json(200, object);
}

struct response *
domains_queues(struct house *house)
{
	if (faults_stand(house->faults, FAULT_QUEUE_DISABLED) == NULL)
		return response_new(200, "application/json",
		    "{\"regular\":{\"is_disabled\":false},"
		    "\"scheduled\":{\"is_disabled\":false}}");
	return response_new(200, "application/json",
	    "{\"regular\":{\"is_disabled\":true,\"disabled\":{\"until\":"
	    "\"Sat, 01 Jan 2033 00:00:00 GMT\",\"reason\":\"You have too many "
	    "messages in queue\"}},\"scheduled\":{\"is_disabled\":false}}");
}
