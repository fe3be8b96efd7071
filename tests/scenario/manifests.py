# SPDX-License-Identifier: MIT
"""What the files for compose and Kubernetes under docker/ say of each container
that runs postferry, in the same words for both."""

import dataclasses
import os

import yaml

DOCKER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../docker")


@dataclasses.dataclass
class Place:
    """A container of the image: where it stands, and what it is given."""
    name: str
    environment: dict
    command: list
    secrets: dict  # path in the container: what is in it
    mounts: list  # where a volume is
    grace: int  # seconds
    closed: bool  # nothing to write to but the mounts, no rights


def read(name):
    with open(os.path.join(DOCKER, name), encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def merge(below, above):
    """As compose does with a second file."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {key: merge(below[key], above[key])
                if key in below and key in above else
                {**below, **above}[key] for key in {**below, **above}}
    return above


def read_compose(*names):
    (whole,) = read(names[0])
    for name in names[1:]:
        whole = merge(whole, *read(name))
    return whole


def read_secret(whole, name):
    path = os.path.join(DOCKER, whole["secrets"][name]["file"])
    with open(path, encoding="utf-8") as file:
        return file.read()


def composed(whole):
    """The places of a compose file, by the name of their service."""
    places = {}
    for name, service in whole["services"].items():
        if service.get("image") != "postferry":
            continue
        grace = service.get("stop_grace_period", "10s")
        places[name] = Place(
            name, service.get("environment", {}), service.get("command"),
            {f"/run/secrets/{secret}": read_secret(whole, secret)
             for secret in service.get("secrets", [])},
            [volume.split(":")[1] for volume in service.get("volumes", [])
             if volume.split(":")[0] in whole["volumes"]],
            int(grace.removesuffix("s")),
            service["read_only"] and service["cap_drop"] == ["ALL"] and
            service["security_opt"] == ["no-new-privileges:true"])
    return places


def find_pods(documents):
    """(name, its pod's template, with the volumes it claims) of each
    workload."""
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet"):
            spec = document["spec"]
            claims = [claim["metadata"]["name"] for claim in
                      spec.get("volumeClaimTemplates", [])]
            yield (f"{document['kind']} {document['metadata']['name']}",
                   spec["template"], claims)


def find_container(template):
    """The one that is postferry."""
    spec = template["spec"]
    (found,) = [container for container in
                [*spec.get("initContainers", []), *spec["containers"]]
                if container["name"] == "postferry"]
    return found


def clustered(documents):
    """The places of the file for Kubernetes."""
    known = {document["metadata"]["name"]: document["stringData"]
             for document in documents if document["kind"] == "Secret"}
    places = []
    for name, template, claims in find_pods(documents):
        spec, container = template["spec"], find_container(template)
        kept = {volume["name"]: volume.get("secret", {}).get("secretName")
                for volume in spec["volumes"]}
        kept.update(dict.fromkeys(claims))
        secrets, mounts = {}, []
        for mounted in container["volumeMounts"]:
            secret = kept[mounted["name"]]
            if secret is None:
                mounts.append(mounted["mountPath"])
                continue
            secrets.update({f"{mounted['mountPath']}/{key}": text
                            for key, text in known[secret].items()})
        rights = container["securityContext"]
        places.append(Place(
            name, {one["name"]: one["value"] for one in container["env"]},
            container.get("args"), secrets, mounts,
            spec["terminationGracePeriodSeconds"],
            rights["readOnlyRootFilesystem"] and rights["runAsNonRoot"] and
            not rights["allowPrivilegeEscalation"] and
            rights["capabilities"] == {"drop": ["ALL"]}))
    return places
