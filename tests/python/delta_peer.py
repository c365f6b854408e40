"""Other readers and writers of Delta tables, for the tests: delta-rs, Polars and DuckDB.

Reads commands from standard input, one a line: {"do": <function>, ...}. Answers each with a line: {"ok": <value>} or
{"error": <text>}. It ends with its input.
"""

import json
import pathlib
import sys
import warnings

import deltalake
import pyarrow
import pyarrow.parquet

warnings.filterwarnings("ignore")

COLUMNS = ["_stream", "_segment", "record"]


def table_of(rows):
    """Rows are lists of three texts."""
    columns = {name: pyarrow.array([row[at] for row in rows], pyarrow.string()) for at, name in enumerate(COLUMNS)}
    return pyarrow.table(columns)


def opened(uri, options):
    return deltalake.DeltaTable(uri, storage_options=options)


def file(path, rows, **_):
    """Writes a data file, as a part of a segment is one."""
    pyarrow.parquet.write_table(table_of(rows), path)
    return pathlib.Path(path).stat().st_size


def checkpoint_file(path, lines):
    """Writes a checkpoint of many files whose statistics are long."""
    groups = lines // 50_000
    add = pyarrow.struct([("path", pyarrow.string()), ("partitionValues", pyarrow.map_(pyarrow.string(), pyarrow.string())),
                          ("size", pyarrow.int64()), ("modificationTime", pyarrow.int64()),
                          ("dataChange", pyarrow.bool_()), ("stats", pyarrow.string())])
    strings = pyarrow.map_(pyarrow.string(), pyarrow.string())
    meta = pyarrow.struct([("id", pyarrow.string()), ("format", pyarrow.struct([("provider", pyarrow.string()), ("options", strings)])),
                           ("schemaString", pyarrow.string()), ("partitionColumns", pyarrow.list_(pyarrow.string())),
                           ("configuration", strings)])
    protocol = pyarrow.struct([("minReaderVersion", pyarrow.int32()), ("minWriterVersion", pyarrow.int32())])
    txn = pyarrow.struct([("appId", pyarrow.string()), ("version", pyarrow.int64()), ("lastUpdated", pyarrow.int64())])
    schema = pyarrow.schema([("txn", txn), ("add", add), ("metaData", meta), ("protocol", protocol)])
    fields = ",".join('{"name":"%s","type":"string","nullable":true,"metadata":{}}' % name for name in COLUMNS)
    first = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {"id": "large", "format": {"provider": "parquet", "options": []},
                      "schemaString": '{"type":"struct","fields":[%s]}' % fields,
                      "partitionColumns": [], "configuration": []}},
    ]
    with pyarrow.parquet.ParquetWriter(path, schema, compression="none") as writer:
        for group in range(max(groups, 1)):
            rows = first if group == 0 else []
            rows = rows + [{"txn": {"appId": f"app-{group}", "version": group, "lastUpdated": 1}}]
            count = min(lines, 50_000)
            rows += [{"add": {"path": f"part-{group}-{at}.parquet", "partitionValues": [], "size": at,
                              "modificationTime": 1, "dataChange": True,
                              "stats": json.dumps({"numRecords": at, "text": f"{group}-{at}-" + "x" * 700})}}
                     for at in range(count)]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
    return pathlib.Path(path).stat().st_size


def create(uri, options=None, rows=(), configuration=None, partition_by=None, mode="append"):
    deltalake.write_deltalake(uri, table_of(rows), storage_options=options, configuration=configuration,
                              partition_by=partition_by, mode=mode)
    return opened(uri, options).version()


def append(uri, options=None, rows=()):
    """Columns that the rows lack are null."""
    opened(uri, options)  # it makes no table
    deltalake.write_deltalake(uri, table_of(rows), storage_options=options, mode="append", schema_mode="merge")
    return opened(uri, options).version()


def constrain(uri, options=None, **constraint):
    opened(uri, options).alter.add_constraint(constraint)


def feature(uri, name, options=None):
    wanted = getattr(deltalake.TableFeatures, name)
    opened(uri, options).alter.add_feature(wanted, allow_protocol_versions_increase=True)


def optimize(uri, options=None):
    return opened(uri, options).optimize.compact()


def delete(uri, predicate, options=None):
    return opened(uri, options).delete(predicate)


def restore(uri, version, options=None):
    return opened(uri, options).restore(version)


def vacuum(uri, options=None):
    return len(opened(uri, options).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False))


def checkpoint(uri, options=None):
    opened(uri, options).create_checkpoint()


def cleanup(uri, options=None):
    opened(uri, options).cleanup_metadata()


def version(uri, options=None):
    return opened(uri, options).version()


def transaction(uri, app, options=None):
    return opened(uri, options).transaction_version(app)


def by_delta_rs(uri, options):
    return opened(uri, options).to_pyarrow_table(columns=COLUMNS).to_pydict()


def by_polars(uri, options):
    import polars

    return polars.read_delta(uri, storage_options=options).select(COLUMNS).to_dict(as_series=False)


def extension(connection, name):
    module = __import__(f"duckdb_extension_{name}")
    path = next(pathlib.Path(module.__path__[0]).rglob(f"{name}.duckdb_extension"))
    connection.execute(f"LOAD '{path}'")


def by_duckdb(uri, options):
    import duckdb

    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    extension(connection, "delta")
    if uri.startswith("s3://"):
        extension(connection, "httpfs")
        endpoint = options["AWS_ENDPOINT_URL"].removeprefix("http://")
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{options['AWS_ACCESS_KEY_ID']}', SECRET '{options['AWS_SECRET_ACCESS_KEY']}', "
            f"REGION '{options['AWS_REGION']}', ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false)"
        )
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM delta_scan('{uri}')").fetchall()
    return {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}


def read(uri, reader, options=None):
    found = {"delta-rs": by_delta_rs, "polars": by_polars, "duckdb": by_duckdb}[reader](uri, options)
    rows = zip(*(found[name] for name in COLUMNS))
    return sorted((list(row) for row in rows), key=repr)


def segments(uri, options=None):
    """Rows of targets: environment, segment, batch, record with its parent's values after its members."""
    try:
        table = opened(uri, options).to_pyarrow_table()
    except deltalake.exceptions.TableNotFoundError:
        return []
    if "_environment" not in table.column_names:
        return []
    parents = [name for name in table.column_names if name.startswith("_parent_")]
    rows = []
    for row in table.to_pylist():
        if row["_environment"] is None:
            continue
        found = [(name, row[name]) for name in parents if row[name] is not None]
        # Numbers are texts in the table, and numbers in the lines of files.
        values = "".join(f",{json.dumps(name)}:{value if value.isdigit() else json.dumps(value)}" for name, value in found)
        rows.append([row["_environment"], row["_segment"], row["_batch_id"], row["record"][:-1] + values + "}"])
    return rows


DOES = {
    function.__name__: function
    for function in [file, checkpoint_file, create, append, constrain, feature, optimize, delete, restore, vacuum,
                     checkpoint, cleanup, version, transaction, read,
                     segments]
}


def answer(line):
    command = json.loads(line)
    try:
        return {"ok": DOES[command.pop("do")](**command)}
    except Exception as error:  # whatever a peer says goes to the test
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(line), default=str), flush=True)
