"""Bodies of Azure's resources against the models of `azure-mgmt-web`, which Microsoft makes of the resource manager's own
specification: names, types and words. azapi compares bodies with the same specification when it plans."""

import enum
import importlib

from msgpack import ExtType

MODELS = {
    "Microsoft.Web/sites": "Site",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "CsmPublishingCredentialsPoliciesEntity",
}
PLAIN = {"str": str, "bool": bool, "int": int, "float": (int, float), "object": object, "iso-8601": str}
# azapi has attributes of its own for them.
OWN = {"id", "name", "type", "location", "tags", "identity"}


def mistakes(kind, body):
    """What is wrong with a body; empty where nothing is."""
    name, version = kind.split("@")
    if name not in MODELS:
        return [f"{kind}: there is no model of it"]
    models = importlib.import_module(f"azure.mgmt.web.v{version.replace('-', '_')}.models")
    found = [f"{kind}: {key} has an attribute of its own" for key in body if key in OWN]
    _compare(models, MODELS[name], body, kind, found)
    return found


def _compare(models, model, value, at, found):
    kind = getattr(models, model)
    known = {}
    for attribute, told in kind._attribute_map.items():
        rules = kind._validation.get(attribute, {})
        known[told["key"].replace("\\.", "\0")] = (told["type"], rules, attribute)
    _level(models, kind, known, "", value, at, found)


def _level(models, kind, known, prefix, value, at, found):
    for key, held in value.items():
        path = prefix + key
        # What a plan does not know yet.
        if held is None or isinstance(held, ExtType):
            continue
        if path in known:
            shape, rules, attribute = known[path]
            if rules.get("readonly"):
                found.append(f"{at}.{path} is read-only")
            _value(models, kind, attribute, shape, held, f"{at}.{path}", found)
        elif isinstance(held, dict) and any(name.startswith(path + ".") for name in known):
            _level(models, kind, known, path + ".", held, at, found)
        else:
            found.append(f"{at}.{path} is no property")


def _value(models, kind, attribute, shape, held, at, found):
    if shape.startswith("["):
        if not isinstance(held, list):
            found.append(f"{at} must be a list")
            return
        for number, item in enumerate(held):
            _value(models, kind, attribute, shape[1:-1], item, f"{at}[{number}]", found)
    elif shape in PLAIN:
        is_bool = isinstance(held, bool)
        if not isinstance(held, PLAIN[shape]) or (is_bool and shape in ("int", "float")):
            found.append(f"{at} must be {shape}, not {held!r}")
        elif shape == "str" and (words := _words(models, kind, attribute)) and held not in words:
            found.append(f"{at} must be one of {', '.join(words)}, not {held!r}")
    elif shape.startswith("{"):
        if not isinstance(held, dict):
            found.append(f"{at} must be a map")
    else:
        _compare(models, shape, held, at, found)


def _words(models, kind, attribute):
    """The words of an enumeration, which the model's own documentation names."""
    documented = kind.__doc__.split(f":vartype {attribute}: ")
    if len(documented) < 2:
        return []
    named = documented[1].split("\n", 1)[0]
    told = getattr(models, named.rsplit(".", 1)[-1], None)
    return [word.value for word in told] if isinstance(told, enum.EnumMeta) else []
