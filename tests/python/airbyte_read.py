"""Reads the streams of a low-code manifest with Airbyte's own runner, and prints each record as a line of JSON.

Usage: airbyte_read.py MANIFEST CONFIG
"""

import json
import logging
import sys

import yaml
from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource


def main() -> None:
    manifest_path, config_path = sys.argv[1:3]
    with open(manifest_path) as file:
        manifest = yaml.safe_load(file)
    with open(config_path) as file:
        config = json.load(file)
    logger = logging.getLogger("airbyte")
    logger.setLevel(logging.ERROR)

    def source(catalog):
        return ConcurrentDeclarativeSource(catalog=catalog, config=config, state=[], source_config=manifest)

    names = [stream.name for stream in source(None).streams(config=config)]
    for name in names:
        stream = ConfiguredAirbyteStream(
            stream=AirbyteStream(name=name, json_schema={}, supported_sync_modes=[SyncMode.full_refresh, SyncMode.incremental]),
            sync_mode=SyncMode.incremental,
            destination_sync_mode=DestinationSyncMode.append,
        )
        catalog = ConfiguredAirbyteCatalog(streams=[stream])
        try:
            for message in source(catalog).read(logger, config, catalog, []):
                if message.type == Type.RECORD:
                    print(json.dumps({"stream": name, "data": message.record.data}))
        except Exception as error:  # one stream's failure is told, and the others are read
            print(json.dumps({"stream": name, "error": str(error)[:300]}))


main()
