"""What `restore --json` says: the engine's events as objects whose keys stay the same. See `facts`."""

from __future__ import annotations

from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Event, ItemRef, RestorePlanned, RestoreSummary

Facts = dict[str, object]


def of_event(event: Event) -> Facts | None:
    """The object of an event, without its message type; None for what is said elsewhere or too often."""
    match event:
        case reports.RestorePlanned():
            return {"event": "planned", **of_plan(event)}
        case reports.FileSent():
            return {
                "event": "file_sent",
                **_item(event.item),
                "source": event.source,
                "renamed": event.renamed,
                "date_kept": event.date_kept,
            }
        case reports.FileThere():
            return {"event": "file_there", **_item(event.item), "source": event.source}
        case reports.ItemRetried():
            return {"event": "file_retried", **_item(event.item), "error": event.failure.kind}
        case reports.ItemFailed():
            return {"event": "file_failed", **_item(event.item), "error": event.failure.kind}
        case reports.PhoneLost():
            return {"event": "lost", "phone": event.name, "error": event.failure.kind}
        case _:
            return None


def of_plan(plan: RestorePlanned) -> Facts:
    """What a restore is going to do."""
    return {
        "phone": plan.phone,
        "source": str(plan.source),
        "selected": _count(plan.selected),
        "to_send": _count(plan.to_send),
        "unsure": _count(plan.unsure),
        "there": _count(plan.there),
        "skipped": {reason.value: _count(count) for reason, count in plan.skipped.items()},
        "failed": _count(plan.failed),
        "photos": plan.photos,
        "videos": plan.videos,
        "folders": list(plan.places),
        "new_folders": plan.new_folders,
        "mapped_storages": dict(plan.mapped),
        "unplaced": plan.unplaced,
        "renamed": plan.renamed,
        "room": [{"storage": one.storage, "needed": one.needed, "free": one.free} for one in plan.room],
        "not_in_backup": list(plan.missing),
    }


def of_restore(summary: RestoreSummary, exit_code: int, *, dry_run: bool = False) -> Facts:
    """The last object of a restore."""
    return {
        "command": "restore",
        "exit_code": exit_code,
        "dry_run": dry_run,
        "ending": summary.ending.value,
        "complete": summary.complete,
        "adds_up": summary.adds_up,
        "phone": summary.phone,
        "serial": summary.serial,
        "source": str(summary.source),
        "target": None if summary.target is None else str(summary.target),
        "selected": _count(summary.selected),
        "sent": _count(summary.sent),
        "there": _count(summary.there),
        "skipped": {reason.value: _count(count) for reason, count in summary.skipped.items()},
        "failed": _count(summary.failed),
        "left": _count(summary.left),
        "dates_kept": summary.dates_kept,
        "dates_lost": summary.dates_lost,
        "read_back": summary.proven,
        "folders_made": summary.folders_made,
        "mapped_storages": dict(summary.mapped),
        "renamed": [{**_item(wanted), "name": name} for wanted, name in summary.renamed],
        "not_in_backup": list(summary.missing),
        "not_sent": [
            {**_item(skip.item), "source": skip.source, "reason": skip.reason.value} for skip in summary.skips
        ],
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


def _count(count: Count) -> Facts:
    return {"files": count.items, "bytes": count.bytes}


def _item(item: ItemRef) -> Facts:
    return {"storage": item.storage, "path": item.shown_path, "size": item.size}
