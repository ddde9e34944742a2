"""Moments, in UTC. The wall clock is read here and nowhere else in the paper trail."""

from __future__ import annotations

from datetime import date, datetime, timezone


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(timezone.utc)


def today() -> date:
    """Return today's date in UTC: the one that consents are held against."""
    return now().date()


def moment_text(moment: datetime) -> str:
    """Return "2026-11-23T13:00:00.123Z"."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_moment(text: str) -> datetime:
    """Return the moment of an ISO text; a bare date is its midnight. ValueError otherwise."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
