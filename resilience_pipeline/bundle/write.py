"""Write a bundle: results, specifications, SQL and the record of what they rest on, as one archive."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from resilience_pipeline.bundle.archive import write_archive
from resilience_pipeline.bundle.contents import contents
from resilience_pipeline.bundle.crate import crate_metadata
from resilience_pipeline.bundle.readme import CRATE, RECORD
from resilience_pipeline.bundle.record import Record, record_of
from resilience_pipeline.study.study import Study
from resilience_pipeline.warehouse.lake import Lake


@dataclass(frozen=True)
class Bundle:
    """What was written."""

    out: Path
    files: tuple[str, ...]
    record: Record


def write_bundle(root: Path, out: Path, studies: Sequence[Study], studies_folder: Path) -> Bundle:
    """Bundle the headline results of a lake.

    Parameters
    ----------
    root : the lake's folder. out : the archive; it appears whole or not at all.
    studies : every study of the project. studies_folder : where the user's own lie; it may not exist.

    Raises
    ------
    BundleError : the lake holds no result.
    """
    lake = Lake(root)
    record = record_of(lake)
    files = contents(lake, record, studies, studies_folder)
    files[RECORD] = json.dumps(record.as_json(), ensure_ascii=False, sort_keys=True).encode()
    files[CRATE] = crate_metadata(record, files, published=_last_written(lake))
    write_archive(out, files)
    return Bundle(out, tuple(sorted(files)), record)


def _last_written(lake: Lake) -> str:
    return max(pointer.written_at for pointer in lake.headline().tables())
