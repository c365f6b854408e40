"""The schema of a Terraform provider, from its bindings for CDK Terrain, which are published for each version.

What the bindings do not say: whether an optional attribute is computed too (here it is not), how many blocks there may be
at least, and whether a single block is an attribute.
"""

import re
from pathlib import Path

FLAGS = re.compile(r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)")
GETTER = re.compile(r"this\.get(String|Number|Boolean|List|NumberList|StringMap|NumberMap|BooleanMap)Attribute\('(\w+)'\)")
ENTRY = re.compile(
    r"^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\"", re.M
)
TYPES = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
    "stringListMap": ["map", ["list", "string"]],
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    # A dynamic attribute, of which the bindings know only maps.
    "anyMap": "dynamic",
}
GOT = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}


def provider(lib):
    """The schema of the provider's own block."""
    return _Type(Path(lib) / "provider", True).block("")


def resource(lib, name):
    """The schema of a resource, or with `data.` before its name of a data source."""
    kind = name.removeprefix("data.")
    provider_name, _, rest = kind.partition("_")
    folder = rest.replace("_", "-")
    if name.startswith("data."):
        folder = f"data-{provider_name}-{folder}"
    block = _Type(Path(lib) / folder, False).block("")
    attributes = block["attributes"]
    attributes.setdefault("id", {"type": "string", "optional": True})["computed"] = True
    if name.startswith("data."):
        # What may be asked for is told as well.
        for attribute in attributes.values():
            attribute["computed"] = attribute.get("computed", False) or attribute["optional"]
    return block


class _Type:
    def __init__(self, folder, is_provider):
        self.code = (folder / "index.js").read_text()
        self.declared = (folder / "index.d.ts").read_text()
        self.is_provider = is_provider

    def block(self, function):
        """A block that this function writes, or with no function the resource itself."""
        code, declared = self._parts(function)
        flags = {name: flag[1:] for name, *flag in ((m[1], m[1], m[2], m[3], m[4]) for m in FLAGS.finditer(code))}
        getters = {m[2]: GOT[m[1]] for m in GETTER.finditer(code)}
        attributes, blocks = {}, {}
        for name, value, is_block, kind, storage in ENTRY.findall(self._written(function)):
            required = re.search(rf"readonly {_camel(name)}(\??):", declared)
            required = required is not None and not required[1]
            if storage in TYPES:
                shape = TYPES[storage]
                if kind == "set":
                    shape = ["set", shape[1]]
                attributes[name] = {"type": shape, "required": required, "optional": not required}
                if flags.get(name, ("false",))[0] == "true":
                    attributes[name]["computed"] = True
                continue
            nested = self.block(re.search(r"(\w+)ToHclTerraform", value.replace("cdktn.listMapperHcl(", ""))[1])
            mode = "single" if kind == "struct" else kind
            most = 0 if "listMapperHcl(" in value or mode == "single" else 1
            blocks[name] = {"nesting_mode": mode, "min_items": 0, "max_items": most, "block": nested}
        for name, (computed, optional, _) in flags.items():
            if computed == "true" and optional == "false" and name not in attributes:
                attributes[name] = {"type": getters.get(name, "dynamic"), "computed": True}
        return {"attributes": attributes, "block_types": blocks}

    def _parts(self, function):
        """The class that reads the block, and the interface that declares it."""
        if function:
            name = function[0].upper() + function[1:]
            reads = re.search(rf"^class {name}OutputReference.*?^\}}", self.code, re.M | re.S)
            declares = re.search(rf"^export interface {name} \{{.*?^\}}", self.declared, re.M | re.S)
        else:
            reads = re.search(r"^class \w+ extends cdktn\.Terraform(Resource|DataSource|Provider).*?^\}", self.code, re.M | re.S)
            declares = re.search(r"^export interface \w+Config (extends [^{]*)?\{.*?^\}", self.declared, re.M | re.S)
        return (found[0] if found else "" for found in (reads, declares))

    def _written(self, function):
        code = self.code
        if function:
            return re.search(rf"^function {function}ToHclTerraform\(.*?^\}}", code, re.M | re.S)[0]
        return code[code.rindex("synthesizeHclAttributes()") :]


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
