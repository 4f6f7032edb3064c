"""RO-Crate metadata of a bundle (https://w3id.org/ro/crate): files, inputs by hash, the action between them."""

import json
from collections.abc import Mapping

from resilience_pipeline.bundle.archive import sha256
from resilience_pipeline.bundle.record import Record

_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".sql": "application/sql",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".txt": "text/plain",
}


def crate_metadata(record: Record, files: Mapping[str, bytes], published: str) -> bytes:
    """`ro-crate-metadata.json`.

    Parameters
    ----------
    files : the bundle's files, by path.
    published : date, ISO 8601.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.data_entity import DataEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate()
    crate.root_dataset["name"] = ("SYNTHETIC: " if record.synthetic else "") + "Results of resilience_pipeline"
    crate.root_dataset["description"] = (
        "Results, specifications and SQL of a difference-in-differences study, with the hashes of the files behind them"
    )
    crate.root_dataset["datePublished"] = published
    crate.root_dataset["license"] = "MIT for program texts; the inputs belong to their publishers and are not included"
    outputs = []
    for name, data in sorted(files.items()):
        suffix = name[name.rfind(".") :]
        entity = crate.add(
            DataEntity(
                crate,
                name,
                {
                    "@type": "File",
                    "name": name,
                    "contentSize": str(len(data)),
                    "sha256": sha256(data),
                    "encodingFormat": _TYPES.get(suffix, "application/octet-stream"),
                },
            )
        )
        if name.startswith("results/"):
            outputs.append(entity)
    inputs = [
        crate.add(
            ContextEntity(
                crate,
                f"urn:sha256:{delivery.sha256}",
                {
                    "@type": "CreativeWork",
                    "name": delivery.file,
                    "publisher": delivery.publisher,
                    "license": delivery.licence,
                    "size": str(delivery.size),
                    "sha256": delivery.sha256,
                },
            )
        )
        for delivery in {d.sha256: d for d in record.deliveries}.values()
    ]
    program = crate.add(
        ContextEntity(
            crate,
            "#resilience_pipeline",
            {
                "@type": "SoftwareApplication",
                "name": "resilience_pipeline",
                "softwareVersion": record.version + (f" ({record.commit})" if record.commit else ""),
                "softwareRequirements": f"Python {record.python}; see requirements.txt",
            },
        )
    )
    action = crate.add(
        ContextEntity(crate, "#run", {"@type": "CreateAction", "name": "resilience run", "endTime": published})
    )
    action["instrument"] = program
    action["object"] = inputs
    action["result"] = outputs
    crate.root_dataset["mentions"] = [action]
    metadata = crate.metadata.generate()
    metadata["@graph"].sort(key=lambda entity: (entity["@id"] != "ro-crate-metadata.json", entity["@id"]))
    return json.dumps(metadata, ensure_ascii=False, indent=1, sort_keys=True).encode()
