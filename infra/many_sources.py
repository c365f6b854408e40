"""Source files of a large deployment, for the tests of the modules' limits: 150 sources with 400 streams.

    python3 infra/many_sources.py FOLDER
"""

import pathlib
import sys

SOURCES = 150
STREAMS = 400
# So many sources have three streams, the others two.
THREE = STREAMS - 2 * SOURCES

SOURCE = """source: {name}
base_url: https://{name}.example
auth: {{ type: bearer, token: {{ secret: {name}-token }} }}
streams:
"""
STREAM = "  stream_{number}: {{ path: /{number}, records: $, pagination: {{ type: none }}, schedule: {schedule} }}\n"
HOURLY = "{ every: 1h }"
# One of three streams is due at other times, and is an event of its own.
OTHER = '{ cron: "30 2 * * MON-FRI", timezone: Europe/Berlin }'


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for source in range(SOURCES):
        name = f"a-source-with-a-name-of-usual-length-{source:03}"
        streams = range(3 if source < THREE else 2)
        text = SOURCE.format(name=name) + "".join(
            STREAM.format(number=number, schedule=OTHER if number == 2 else HOURLY) for number in streams
        )
        (folder / f"{name}.yaml").write_text(text)


if __name__ == "__main__":
    main()
