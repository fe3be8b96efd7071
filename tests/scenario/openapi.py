# SPDX-License-Identifier: MIT
"""etc/openapi.yaml as a measure: what it says of an answer is held against the
answer."""

import json
import os
import re

import jsonschema
import yaml

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../etc/openapi.yaml")
METHODS = ("get", "post", "put", "delete")


class Description:
    def __init__(self, path=PATH):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.resolver = jsonschema.RefResolver("", self.document)

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        """(method, path, operation, parameters)"""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    yield method, path, operation, [
                        self.resolve(one) for one in item.get(
                            "parameters", []) + operation.get("parameters",
                                                              [])]

    def find(self, method, target):
        """The operation for it, None: there is none."""
        path = target.split("?")[0]
        # words before ids, as the server has it
        for template in sorted(self.document["paths"],
                               key=lambda text: text.count("{")):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path):
                return self.document["paths"][template].get(method.lower())
        return None

    def validate(self, schema, value):
        jsonschema.Draft202012Validator(
            schema, resolver=self.resolver).validate(value)

    def check(self, method, target, status, fields, body):
        """What is wrong with an answer raises."""
        operation = self.find(method, target)
        if operation is None:
            # no page, or no method: a problem in any case
            assert status in (400, 401, 403, 404, 405, 421), status
            self.validate({"$ref": "#/components/schemas/Problem"},
                          json.loads(body))
            return
        assert str(status) in operation["responses"], (
            f"{method} {target}: {status} is not described")
        answer = self.resolve(operation["responses"][str(status)])
        for name, header in answer.get("headers", {}).items():
            self.check_field(name, header, fields)
        if "content" not in answer:
            assert not body, f"{method} {target}: {status} has a body"
            return
        given = fields.get("Content-Type", "").split(";")[0]
        kinds = answer["content"]
        assert given in kinds or "*/*" in kinds, (
            f"{method} {target}: {status} is {given}")
        if given.endswith("json") and given in kinds:
            self.validate(kinds[given]["schema"], json.loads(body))

    def check_field(self, name, header, fields):
        value = fields.get(name)
        assert value is not None or not header.get("required"), name
        if value is not None:
            schema = header["schema"]
            self.validate(schema, int(value) if schema.get("type") ==
                          "integer" else value)


def find_faults(description):
    """What is wrong with the description itself (OpenAPI 3.1)."""
    document, faults, seen = description.document, [], set()
    if not re.fullmatch(r"3\.1\.\d+", document["openapi"]):
        faults.append("openapi is not 3.1")
    if not {"title", "version"} <= set(document["info"]):
        faults.append("info has no title or version")
    for name, schema in document["components"]["schemas"].items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            faults.append(f"schema {name}: {error.message}")
    faults += find_bad_references(description, document)
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation, parameters in description.operations():
        where = f"{method} {path}"
        if operation["operationId"] in seen:
            faults.append(f"{where}: its operationId is there twice")
        seen.add(operation["operationId"])
        if not set(operation["tags"]) <= tags:
            faults.append(f"{where}: unknown tag")
        named = {one["name"] for one in parameters if one["in"] == "path"}
        if named != set(re.findall(r"\{(\w+)\}", path)):
            faults.append(f"{where}: path parameters {named}")
        for one in parameters:
            if one["in"] == "path" and one.get("required") is not True:
                faults.append(f"{where}: {one['name']} is not required")
            if one["in"] not in ("path", "query", "header"):
                faults.append(f"{where}: {one['name']} in {one['in']}")
        for code, answer in operation["responses"].items():
            if not re.fullmatch(r"[1-5]\d\d", code) or (
                    "description" not in description.resolve(answer)):
                faults.append(f"{where}: answer {code}")
        if "requestBody" in operation and not (
                operation["requestBody"].get("content")):
            faults.append(f"{where}: a body of no type")
    return faults


def find_bad_references(description, node):
    faults = []
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            try:
                description.resolver.resolve(reference)
            except jsonschema.RefResolutionError as error:
                faults.append(f"{reference}: {error}")
        for value in node.values():
            faults += find_bad_references(description, value)
    elif isinstance(node, list):
        for value in node:
            faults += find_bad_references(description, value)
    return faults
