"""The tables of a played Databricks: a few statements of SQL, carried out for real on Delta tables in a folder.

One JSON object a line comes in on standard input, one goes out on standard output. Tables are written by delta-rs.
A file that COPY INTO has loaded is a transaction identifier of its table, put in the commit that has its rows.

    python3 databricks_tables.py <folder of tables> <mounted path>=<folder> ...
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake

ROOT = Path(sys.argv[1])
MOUNTS = dict(argument.split("=", 1) for argument in sys.argv[2:])

TYPES = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
# The words of Delta's schema where SQL has others.
DELTA_WORDS = {"bigint": "long"}

TOKEN = re.compile(
    r"\s*(?:(?P<name>`(?:[^`]|``)*`)|(?P<text>'(?:[^'\\]|\\.)*')|(?P<marker>:[a-z]+)|(?P<word>[A-Za-z_]+)"
    r"|(?P<number>[0-9]+)|(?P<mark>[(),.=*]))",
    re.DOTALL,
)


class Refused(Exception):
    """A statement that fails: its class, and why."""

    def __init__(self, error_class, message):
        super().__init__(f"[{error_class}] {message}")


class Reader:
    """Reads a statement, token by token; whatever it does not know fails the statement."""

    def __init__(self, sql):
        self.tokens, at = [], 0
        sql = sql.rstrip()
        while at < len(sql):
            match = TOKEN.match(sql, at)
            if not match:
                raise Refused("PARSE_SYNTAX_ERROR", f"Syntax error at or near {sql[at:at + 20]!r}")
            at = match.end()
            kind = match.lastgroup
            self.tokens.append((kind, match.group(kind)))
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else (None, None)

    def take(self, kind):
        found, value = self.peek()
        if found != kind:
            raise Refused("PARSE_SYNTAX_ERROR", f"Syntax error at or near {value!r}: no {kind}")
        self.at += 1
        return value

    def words(self, words):
        for word in words.split():
            kind = "mark" if word in "(),.=*" else "word"
            found = self.take(kind)
            if found.upper() != word:
                raise Refused("PARSE_SYNTAX_ERROR", f"Syntax error at or near {found!r}: no {word}")

    def is_next(self, word):
        _, value = self.peek()
        return value is not None and value.upper() == word

    def name(self):
        return self.take("name")[1:-1].replace("``", "`")

    def text(self):
        body = self.take("text")[1:-1]
        plain = lambda match: chr(int(match[1][1:], 16)) if match[1].startswith("u") else match[1]
        return re.sub(r"\\(u[0-9A-F]{4}|.)", plain, body, flags=re.DOTALL)

    def table(self):
        catalog = self.name()
        self.words(".")
        schema = self.name()
        self.words(".")
        return f"{catalog}.{schema}.{self.name()}"

    def list(self, item):
        self.words("(")
        items = [item()]
        while self.is_next(","):
            self.words(",")
            items.append(item())
        self.words(")")
        return items

    def column(self):
        name, word = self.name(), self.take("word").lower()
        if word == "decimal":
            precision, scale = self.list(lambda: int(self.take("number")))
            word = f"decimal({precision},{scale})"
        elif word not in TYPES:
            raise Refused("UNSUPPORTED_DATATYPE", f"Unsupported data type {word!r}")
        return name, word

    def end(self):
        if self.at < len(self.tokens):
            raise Refused("PARSE_SYNTAX_ERROR", f"Syntax error at or near {self.peek()[1]!r}: extra input")


def place(full_name):
    return ROOT / full_name.lower().replace("/", "%2F")


def open_table(full_name):
    path = place(full_name)
    if not DeltaTable.is_deltatable(str(path)):
        raise Refused("TABLE_OR_VIEW_NOT_FOUND", f"The table or view `{full_name}` cannot be found.")
    return DeltaTable(str(path))


def in_sql(field):
    word = json.loads(field.type.to_json()) if hasattr(field.type, "to_json") else str(field.type)
    for sql, delta in DELTA_WORDS.items():
        word = sql if word == delta else word
    return word


def arrow_type(word):
    if word.startswith("decimal"):
        precision, scale = re.findall(r"\d+", word)
        return pa.decimal128(int(precision), int(scale))
    return TYPES[word]


def create(reader):
    reader.words("CREATE TABLE IF NOT EXISTS")
    name = reader.table()
    columns = reader.list(reader.column)
    reader.words("USING DELTA")
    reader.end()
    if not (ROOT / f"{name.lower().rsplit('.', 1)[0]}.schema").exists():
        raise Refused("SCHEMA_NOT_FOUND", f"The schema of {name} cannot be found.")
    schema = pa.schema([(column, arrow_type(word)) for column, word in columns])
    DeltaTable.create(str(place(name)), schema, mode="ignore")
    return [], []


def alter(reader):
    reader.words("ALTER TABLE")
    name = reader.table()
    reader.words("ADD COLUMNS")
    columns = reader.list(reader.column)
    reader.end()
    table = open_table(name)
    known = {field.name.lower() for field in table.schema().fields}
    for column, _ in columns:
        if column.lower() in known:
            raise Refused("FIELD_ALREADY_EXISTS", f"Cannot add column, because `{column}` already exists.")
    schema = Schema.from_arrow(pa.schema([(column, arrow_type(word)) for column, word in columns]))
    table.alter.add_columns(schema.fields)
    return [], []


def seen(path):
    """The workspace's path of a folder as a folder of this machine."""
    for mount, folder in MOUNTS.items():
        if path == mount or path.startswith(mount + "/"):
            return Path(folder + path[len(mount):])
    raise Refused("UC_VOLUME_NOT_FOUND", f"Volume of {path} does not exist.")


def copy_into(reader):
    reader.words("COPY INTO")
    name = reader.table()
    reader.words("FROM ( SELECT")
    columns = [reader.name()]
    while reader.is_next(","):
        reader.words(",")
        columns.append(reader.name())
    reader.words("FROM")
    source = reader.text()
    reader.words(") FILEFORMAT = PARQUET FILES =")
    files = reader.list(reader.text)
    reader.end()
    if len(files) > 1000:
        raise Refused("COPY_INTO_TOO_MANY_FILES", "FILES may name 1000 files at most.")
    table, folder = open_table(name), seen(source)
    loads = {file: f"copy-into:{source}/{file}" for file in files}
    new = [file for file in files if table.transaction_version(loads[file]) is None]
    for file in files:
        if not (folder / file).is_file():
            raise Refused("PATH_NOT_FOUND", f"Path does not exist: {source}/{file}.")
    rows = 0
    if new:
        own = pa.schema(table.schema())
        # A type that a column has not is the table's own error.
        data = pa.concat_tables([pq.ParquetFile(folder / file).read(columns=columns).select(columns) for file in new])
        fields = [next(f for f in own if f.name.lower() == column.lower()) for column in columns]
        for field, given in zip(fields, data.schema):
            if field.type != given.type and not (pa.types.is_timestamp(field.type) and pa.types.is_timestamp(given.type)):
                raise Refused("DELTA_FAILED_TO_MERGE_FIELDS", f"Failed to merge fields '{field.name}'")
        data = data.cast(pa.schema(fields))
        properties = CommitProperties(
            app_transactions=[Transaction(loads[file], 1) for file in new], max_commit_retries=0
        )
        write_deltalake(table, data, mode="append", schema_mode="merge", commit_properties=properties)
        rows = data.num_rows
    number = str(rows)
    return ["num_affected_rows", "num_inserted_rows", "num_skipped_corrupt_files"], [[number, number, "0"]]


def count(reader, parameters):
    reader.words("SELECT")
    if reader.take("word") != "count":
        raise Refused("PARSE_SYNTAX_ERROR", "only count(*) is played")
    reader.words("( * ) AS")
    alias = reader.name()
    reader.words("FROM")
    table = open_table(reader.table()).to_pyarrow_table()
    reader.words("WHERE")
    value = lambda: parameters[reader.take("marker")[1:]]
    keeps = [True] * table.num_rows
    while True:
        column = reader.name()
        have = table.column(column).to_pylist()
        if reader.is_next("BETWEEN"):
            reader.words("BETWEEN")
            first = value()
            reader.words("AND")
            last = value()
            keeps = [keep and h is not None and first <= h <= last for keep, h in zip(keeps, have)]
        else:
            reader.words("=")
            wanted = value()
            keeps = [keep and h == wanted for keep, h in zip(keeps, have)]
        if not reader.is_next("AND"):
            break
        reader.words("AND")
    reader.end()
    return [alias], [[str(sum(keeps))]]


def typed(parameter):
    if parameter["type"] == "TIMESTAMP":
        text = pa.scalar(parameter["value"].replace("Z", "+00:00"))
        import datetime

        return datetime.datetime.fromisoformat(text.as_py())
    return parameter["value"]


def statement(sql, parameters):
    reader = Reader(sql)
    _, word = reader.peek()
    parameters = {parameter["name"]: typed(parameter) for parameter in parameters}
    match (word or "").upper():
        case "CREATE":
            return create(reader)
        case "ALTER":
            return alter(reader)
        case "COPY":
            return copy_into(reader)
        case "SELECT":
            return count(reader, parameters)
    raise Refused("PARSE_SYNTAX_ERROR", f"Syntax error at or near {word!r}")


def run(request):
    try:
        columns, rows = statement(request["statement"], request.get("parameters", []))
    except Refused as refused:
        return {"error": {"error_code": "BAD_REQUEST", "message": str(refused)}}
    except Exception as error:
        if "concurrent" in str(error).lower() or "conflict" in str(error).lower() or "already exists" in str(error):
            text = f"[DELTA_CONCURRENT_APPEND] {error}"
            return {"error": {"error_code": "UNKNOWN", "message": text, "sql_state": "2D521"}}
        return {"error": {"error_code": "UNKNOWN", "message": f"{type(error).__name__}: {error}"}}
    return {"columns": columns, "rows": rows}


def table_info(full_name):
    path = place(full_name)
    if not DeltaTable.is_deltatable(str(path)):
        return None
    table = DeltaTable(str(path))
    columns = [
        {"name": field.name, "type_text": in_sql(field), "nullable": field.nullable} for field in table.schema().fields
    ]
    # What a test says of the table beyond what Delta has: a row filter, another type.
    more = path.with_suffix(".more")
    said = json.loads(more.read_text()) if more.exists() else {}
    return {
        "table_id": str(table.metadata().id),
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        "columns": columns,
    } | said


def write_parquet(request):
    """Rows of strings, and other columns as given, in one file."""
    schema = pa.schema([(column["name"], arrow_type(column["type"])) for column in request["columns"]])
    rows = request["rows"]
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_timestamp(field.type):
            values = [typed({"type": "TIMESTAMP", "value": value}) if value else None for value in values]
        arrays.append(pa.array(values, field.type))
    path = Path(request["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path)
    return {"bytes": path.stat().st_size}


def rows_of(full_name):
    table = open_table(full_name).to_pyarrow_table()
    return [{key: value if value is None else str(value) for key, value in row.items()} for row in table.to_pylist()]


def answer(request):
    match request["do"]:
        case "statement":
            return run(request)
        case "table":
            return {"table": table_info(request["name"])}
        case "schema":
            return {"is_there": (ROOT / f"{request['name'].lower()}.schema").exists()}
        case "make schema":
            (ROOT / f"{request['name'].lower()}.schema").touch()
            return {}
        case "say":
            place(request["name"]).with_suffix(".more").write_text(json.dumps(request["more"]))
            return {}
        case "write":
            return write_parquet(request)
        case "rows":
            return {"rows": rows_of(request["name"])}
        case "delete":
            open_table(request["name"]).delete(request["where"])
            return {}
        case "drop":
            shutil.rmtree(place(request["name"]))
            return {}
    return {"unknown": request["do"]}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # a mistake of the test, told to it
        reply = {"fault": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
