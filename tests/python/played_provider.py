"""A Terraform provider that knows a schema and nothing else: enough for `init`, `validate`, and plans with or without a
mock. It refuses to apply. The schema comes from the provider's published bindings (`provider_bindings.py`).

    python played_provider.py NAMESPACE/NAME BINDINGS TYPE...      Terraform starts it; TYPE is a resource or data.<source>

Bodies of azapi's resources are compared with the models of `azure-mgmt-web`, of the version that the resource names.
"""

import json
import sys
from pathlib import Path

import msgpack
import provider_bindings
import tf.provider
import tf.runner
from resource_bodies import mistakes
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

NAME, LIB, *TYPES = sys.argv[1:]
# tf reads the rest itself.
sys.argv[1:] = []
UNKNOWN = msgpack.ExtType(0, b"\x00")
NESTING = {"single": 1, "list": 2, "set": 3}
SCHEMAS = {name: provider_bindings.resource(LIB, name) for name in TYPES}


def block(schema):
    made = pb.Schema.Block()
    for name, attribute in sorted(schema["attributes"].items()):
        flags = {flag: attribute.get(flag, False) for flag in ("required", "optional", "computed")}
        made.attributes.append(pb.Schema.Attribute(name=name, type=json.dumps(attribute["type"]).encode(), **flags))
    for name, nested in sorted(schema["block_types"].items()):
        made.block_types.append(
            pb.Schema.NestedBlock(
                type_name=name,
                block=block(nested["block"]),
                nesting=NESTING[nested["nesting_mode"]],
                min_items=nested["min_items"],
                max_items=nested["max_items"],
            )
        )
    return made


def read(value):
    return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False) if value.msgpack else json.loads(value.json or b"null")


def written(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def schemas(of_data):
    return {
        name.removeprefix("data."): pb.Schema(version=0, block=block(schema))
        for name, schema in SCHEMAS.items()
        if name.startswith("data.") == of_data
    }


def error(summary):
    return pb.Diagnostic(severity=1, summary=summary)


class Servicer(rpc.ProviderServicer):
    def __init__(self, _):
        pass

    def GetMetadata(self, request, context):
        metadata = pb.GetMetadata.Response()
        metadata.server_capabilities.get_provider_schema_optional = False
        for name in schemas(False):
            metadata.resources.add(type_name=name)
        for name in schemas(True):
            metadata.data_sources.add(type_name=name)
        return metadata

    def GetProviderSchema(self, request, context):
        provider = pb.Schema(block=block(provider_bindings.provider(LIB)))
        return pb.GetProviderSchema.Response(
            provider=provider, resource_schemas=schemas(False), data_source_schemas=schemas(True)
        )

    def GetFunctions(self, request, context):
        return pb.GetFunctions.Response()

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request, context):
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()

    def UpgradeResourceState(self, request, context):
        return pb.UpgradeResourceState.Response(upgraded_state=written(json.loads(request.raw_state.json)))

    def ReadResource(self, request, context):
        return pb.ReadResource.Response(new_state=request.current_state)

    def ReadDataSource(self, request, context):
        return pb.ReadDataSource.Response(state=request.config)

    def PlanResourceChange(self, request, context):
        planned = read(request.proposed_new_state)
        found = []
        if planned is not None:
            if read(request.prior_state) is None:
                for name, attribute in SCHEMAS[request.type_name]["attributes"].items():
                    if attribute.get("computed") and planned.get(name) is None:
                        planned[name] = UNKNOWN
            if "body" in planned and planned["body"] != UNKNOWN:
                found = mistakes(planned["type"], planned["body"][1])
        return pb.PlanResourceChange.Response(planned_state=written(planned), diagnostics=map(error, found))

    def ApplyResourceChange(self, request, context):
        refused = error(f"{NAME} is played from its schema: it applies nothing")
        return pb.ApplyResourceChange.Response(new_state=request.prior_state, diagnostics=[refused])


tf.provider.ProviderServicer = Servicer
tf.runner.run_provider(type("Provider", (), {"full_name": lambda self: NAME})())
