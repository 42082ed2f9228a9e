"""What `--json` says: the engine's events as objects whose keys stay the same. Documented in the README."""

from __future__ import annotations

from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Event, ItemRef, RebuildSummary, Summary, VerifySummary

Facts = dict[str, object]


def of_event(event: Event) -> Facts | None:
    """The object of an event, without its message type; None for what is said elsewhere or too often."""
    match event:
        case reports.WaitingForPhone():
            return {
                "event": "waiting",
                "reason": event.reason.value,
                "phone": event.name,
                "holders": list(event.holders),
                "mode": event.mode,
            }
        case reports.PhoneConnected():
            return {
                "event": "reconnected" if event.again else "connected",
                "phone": event.name,
                "serial": event.serial,
                "storages": list(event.storages),
            }
        case reports.PhoneLost():
            return {"event": "lost", "phone": event.name, "error": event.failure.kind}
        case reports.Planned():
            return {"event": "planned", **of_plan(event)}
        case reports.ItemStarted():
            return {"event": "file_started", **_item(event.item), "offset": event.offset}
        case reports.ItemSaved():
            return {"event": "file_saved", **_item(event.item), "saved_as": event.path}
        case reports.ItemMoved():
            return {"event": "file_moved", **_item(event.item), "was": "/".join(event.old_path)}
        case reports.ItemRetried():
            return {"event": "file_retried", **_item(event.item), "error": event.failure.kind}
        case reports.ItemFailed():
            return {"event": "file_failed", **_item(event.item), "error": event.failure.kind}
        case reports.FileChecked() if event.damage is not None:
            return {"event": "damage", "path": event.path, "damage": event.damage.value}
        case _:
            return None


def of_backup(summary: Summary, exit_code: int) -> Facts:
    """The last object of a backup."""
    return {
        "command": "backup",
        "exit_code": exit_code,
        "ending": summary.ending.value,
        "complete": summary.complete,
        "adds_up": summary.adds_up,
        "phone": summary.phone,
        "serial": summary.serial,
        "folder": str(summary.folder),
        "listed": _count(summary.listed),
        "saved": _count(summary.saved),
        "safe": _count(summary.safe),
        "moved": _count(summary.moved),
        "skipped": {reason.value: _count(count) for reason, count in summary.skipped.items()},
        "failed": _count(summary.failed),
        "left": _count(summary.left),
        "gone": _count(summary.gone),
        "bytes_read": summary.read,
        "not_on_phone": list(summary.missing_names),
        "folders_not_on_phone": list(summary.missing_folders),
        "failures": [
            {
                **_item(failed.item),
                "tries": failed.tries,
                "error": failed.failure.kind,
                "detail": failed.failure.detail,
            }
            for failed in summary.failures
        ],
    }


def of_verification(summary: VerifySummary, exit_code: int) -> Facts:
    """The last object of a verification."""
    return {
        "command": "verify",
        "exit_code": exit_code,
        "folder": str(summary.root),
        "sound": summary.sound,
        "total": _count(summary.total),
        "good": _count(summary.good),
        "damaged": [{"path": file.path, "damage": file.damage.value} for file in summary.damaged],
    }


def of_rebuilding(summary: RebuildSummary, exit_code: int) -> Facts:
    """The last object of a rebuilding of the catalog."""
    return {
        "command": "verify",
        "rebuilt": True,
        "exit_code": exit_code,
        "folder": str(summary.root),
        "good": _count(summary.good),
        "unrecorded": _count(summary.unrecorded),
        "left_out": _count(summary.left_out),
        "damaged": [{"path": file.path, "damage": file.damage.value} for file in summary.damaged],
        "old_catalog": summary.set_aside,
    }


def of_plan(event: reports.Planned) -> Facts:
    """What a run is going to do."""
    return {
        "phone": event.phone,
        "folder": str(event.folder),
        "listed": _count(event.listed),
        "photos": event.photos,
        "videos": event.videos,
        "new": _count(event.new),
        "changed": _count(event.changed),
        "retrying": _count(event.failing),
        "lost": _count(event.lost),
        "moved": _count(event.moved),
        "safe": _count(event.safe),
        "skipped": {reason.value: _count(count) for reason, count in event.skipped.items()},
        "refused": _count(event.refused),
        "gone": _count(event.gone),
        "bytes_to_copy": event.to_copy,
        "bytes_free": event.free,
        "fits": event.fits,
        "not_on_phone": list(event.missing_names),
        "folders_not_on_phone": list(event.missing_folders),
    }


def _count(count: Count) -> Facts:
    return {"files": count.items, "bytes": count.bytes}


def _item(item: ItemRef) -> Facts:
    return {"storage": item.storage, "path": item.shown_path, "size": item.size}
