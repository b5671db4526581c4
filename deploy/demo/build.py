#!/usr/bin/env python3
"""Builds and checks the files of the demo city.

    build.py            write vhs-offers.openvhs.xml and culture.ics.tmpl from vhs/*.md and culture.toml
    build.py check      fail if a written file is stale, a text is too much like another or a rendered date is wrong
    build.py render [--day YYYY-MM-DD] FILE
                        print FILE with its placeholders replaced, as the loader does

Python 3.11, standard library only; the same input gives the same bytes.
"""

import argparse
import datetime as dt
import itertools
import json
import re
import sys
import tomllib
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
OFFERS = HERE / "vhs-offers.openvhs.xml"
CULTURE = HERE / "culture.ics.tmpl"
NAMESPACE = uuid.UUID("6d0f8c5e-6c1b-5b8e-9a55-1b6f0f6f7a10")
NS = "http://www.dvv-vhs.de/Open-VHS"

DAYS = ["mo", "di", "mi", "do", "fr", "sa", "so"]
DAY_NAMES = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"]
AREAS = {
    "1": "Politik - Gesellschaft - Umwelt",
    "2": "Kultur - Gestalten",
    "3": "Gesundheit",
    "4": "Sprachen",
    "5": "Arbeit - Beruf",
    "6": "Grundbildung - Schulabschlüsse",
}
FEATURES = {
    "online": ("kursart_digital", "online_angebot"),
    "blended": ("kursart_digital", "blended_learning"),
    "abschluss": ("abschlussbezogen", "true"),
    "langsam": ("langsames_lerntempo", "true"),
    "barrierefrei": ("barrierefreies_lernen", "true"),
    "cloud": ("vhscloud_kurs", "true"),
}
MAX_SHARED = 0.2
GRAMMAR = re.compile(r"\{\{([+-]\d{1,4})d(?:@(mo|di|mi|do|fr|sa|so))?(\|ics)?\}\}")


class Fault(Exception):
    """Something in a source file that a reader has to correct."""


# Placeholders


def resolve(days: int, weekday: str | None, loaded: dt.date) -> dt.date:
    """The date a placeholder stands for when the file is loaded on `loaded`."""
    date = loaded + dt.timedelta(days=days)
    if weekday:
        date += dt.timedelta(days=(DAYS.index(weekday) - date.weekday()) % 7)
    return date


def render(text: str, loaded: dt.date) -> str:
    """Replaces every placeholder; a leftover `{{` is a fault."""

    def date(match: re.Match) -> str:
        value = resolve(int(match[1]), match[2], loaded)
        return value.strftime("%Y%m%d" if match[3] else "%Y-%m-%d")

    text = GRAMMAR.sub(date, text)
    if "{{" in text:
        at = text.index("{{")
        raise Fault(f"unknown placeholder {text[at:at + 30]!r}")
    return text


def placeholder(days: int, weekday: str | None = None, ics: bool = False) -> str:
    return "{{%+dd%s%s}}" % (days, f"@{weekday}" if weekday else "", "|ics" if ics else "")


# Courses: vhs/*.md

WHEN = re.compile(
    r"^(?P<quiet>~)?(?P<days>[A-Z][a-z](?:[-+,][A-Z][a-z])*) "
    r"(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)"
    r"(?: x(?P<count>\d+))?(?: alle (?P<step>\d+))? ab (?P<from>-?\d+)$"
)


def weekdays(text: str) -> list[str]:
    """`Mo`, `Mo+Mi`, `Mo-Fr`."""
    text = text.lower()
    if "-" in text:
        first, last = (DAYS.index(d) for d in text.split("-"))
        return DAYS[first : last + 1]
    return re.split(r"[+,]", text)


def sessions(when: str) -> tuple[list[tuple[str, str]], str, str, bool]:
    """Placeholder and weekday of each session, start, end, and whether they are listed one by one."""
    match = WHEN.match(when)
    if not match:
        raise Fault(f"cannot read the times {when!r}")
    days = weekdays(match["days"])
    count = int(match["count"] or len(days))
    step = int(match["step"] or 7)
    origin = int(match["from"])
    first = DAYS.index(days[0])
    found = []
    for turn in itertools.count():
        for day in days:
            if len(found) == count:
                return found, match["start"], match["end"], not match["quiet"]
            offset = origin + turn * step + (DAYS.index(day) - first) % 7
            found.append((placeholder(offset, day), day))
    raise AssertionError


def courses() -> list[dict]:
    found = []
    for path in sorted((HERE / "vhs").glob("*.md")):
        area = path.name[0]
        blocks = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.M)[1:]
        for block in blocks:
            lines = [line for line in block.strip().split("\n") if line.strip()]
            try:
                found.append(course(lines, area))
            except (Fault, KeyError, ValueError) as fault:
                raise Fault(f"{path.name}: {lines[0]}: {fault!r}") from fault
    return found


def course(lines: list[str], area: str) -> dict:
    number, heading = lines[0].split(" ", 1)
    title, _, subtitle = heading.partition(" — ")
    fields = [field.strip() for field in lines[1].split("|")]
    if len(fields) not in (7, 8):
        raise Fault(f"{len(fields)} fields instead of 7 or 8")
    category, place, when, price, seats, groups, words = fields[:7]
    extras = dict(
        (part.strip().split("=", 1) + ["true"])[:2]
        for part in (fields[7] if len(fields) == 8 else "").split(";")
        if part.strip()
    )
    unknown = set(extras) - set(FEATURES) - {"level", "cert", "plus", "note"}
    if unknown:
        raise Fault(f"unknown extra {unknown}")
    if not category.startswith(area + "."):
        raise Fault(f"category {category} in area {area}")
    return {
        "number": number,
        "title": title.strip(),
        "subtitle": subtitle.strip(),
        "category": category,
        "place": place,
        "when": when,
        "price": price,
        "seats": [int(n) for n in seats.split("/")] if seats else [],
        "groups": [g.strip() for g in groups.split(";") if g.strip()],
        "words": [AREAS[area]] + [w.strip() for w in words.split(";") if w.strip()],
        "extras": extras,
        "text": lines[2:],
    }


def cdata(text: str) -> str:
    if "]]>" in text:
        raise Fault("a text holds ]]>")
    return f"<![CDATA[{text}]]>"


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def euros(amount: str) -> str:
    return f"{float(amount):.2f}".replace(".", ",")


def minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


def offer_xml(c: dict, places: dict, provider: dict) -> str:
    place = places[c["place"]]
    dates, start, end, listed = sessions(c["when"])
    out = ["<veranstaltung>"]
    add = out.append
    add(f"<guid>{str(uuid.uuid5(NAMESPACE, c['number'])).upper()}</guid>")
    add(f"<nummer>{c['number']}</nummer>")
    add(f"<name>{cdata(c['title'])}</name>")
    if c["subtitle"]:
        add(f"<untertitel>{cdata(c['subtitle'])}</untertitel>")
    add(f'<dvv_kategorie version="2.0">{c["category"]}</dvv_kategorie>')
    features = [FEATURES[key] for key in FEATURES if key in c["extras"]]
    if c["price"] == "0":
        features.append(("anmeldung_kostenlos", "true"))
    if features:
        add("<merkmale>")
        out.extend(f"<merkmal><name>{n}</name><wert>{w}</wert></merkmal>" for n, w in features)
        add("</merkmale>")
    if "level" in c["extras"]:
        add(f"<level>{escape(c['extras']['level'])}</level>")
    if c["seats"]:
        for tag, value in zip(("minimale", "aktuelle", "maximale"), c["seats"], strict=True):
            add(f"<{tag}_teilnehmerzahl>{value}</{tag}_teilnehmerzahl>")
    add(f"<anzahl_termine>{len(dates)}</anzahl_termine>")
    add(f"<beginn_datum>{dates[0][0]}</beginn_datum>")
    add(f"<dauer>{len(dates) * (minutes(end) - minutes(start)) / 45:.1f}</dauer>")
    add(f"<ende_datum>{dates[-1][0]}</ende_datum>")
    for day in dict.fromkeys(day for _, day in dates):
        add(f"<wochentag>{DAY_NAMES[DAYS.index(day)]}</wochentag>")
    out.extend(f"<zielgruppe>{escape(g)}</zielgruppe>" for g in c["groups"])
    out.extend(f"<schlagwort>{escape(w)}</schlagwort>" for w in c["words"])
    if "cert" in c["extras"]:
        add(f"<zertifikat><name>{cdata(c['extras']['cert'])}</name></zertifikat>")
    for kind, text in (("Beschreibung", "\n".join(c["text"])), ("Zusatzinformation", c["extras"].get("note"))):
        if text:
            add(f"<text><eigenschaft>{kind}</eigenschaft><text>{cdata(text)}</text></text>")
    add("<veranstaltungsort>")
    add(f"<name>{escape(place['name'])}</name>")
    add("<adresse><land>Deutschland</land>")
    add(f"<plz>{place['plz']}</plz><ort>{place.get('ort', 'Lauterstadt')}</ort>")
    if "district" in place:
        add(f"<ortsteil>{escape(place['district'])}</ortsteil>")
    if "street" in place:
        add(f"<strasse>{escape(place['street'])}</strasse>")
    add("</adresse>")
    if "accessible" in place:
        add(f"<barrierefrei>{str(place['accessible']).lower()}</barrierefrei>")
    add("</veranstaltungsort>")
    if listed:
        for date, _ in dates:
            add(
                f"<termin><beginn_datum>{date}</beginn_datum><beginn_uhrzeit>{start}:00</beginn_uhrzeit>"
                f"<ende_uhrzeit>{end}:00</ende_uhrzeit></termin>"
            )
    if c["price"] != "?":
        full, _, reduced = c["price"].partition("/")
        add(f"<preis><betrag>{float(full):.2f}</betrag>")
        add(f"<rabatt_moeglich>{'true' if reduced else 'false'}</rabatt_moeglich>")
        if reduced:
            add(f"<zusatz>{cdata(f'erm. Preis: {euros(reduced)} EUR')}</zusatz>")
        if "plus" in c["extras"]:
            add(f"<zusatz>{cdata(c['extras']['plus'])}</zusatz>")
        add("</preis>")
    add("<webadresse><typ>website</typ><name>Kursdetails</name>")
    add(f"<uri>{provider['web']}/kurs/{c['number']}</uri></webadresse>")
    add("</veranstaltung>")
    return "\n".join(out)


def offers() -> str:
    config = tomllib.loads((HERE / "vhs" / "places.toml").read_text(encoding="utf-8"))
    provider = config["provider"]
    head = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<!-- {config['notice']} -->",
        "<!-- Written by build.py from vhs/*.md: change those, not this file. -->",
        f'<openvhs:veranstaltungen version="1.2" xmlns:openvhs="{NS}">',
        "<export>",
        f"<erstellungszeitpunkt>{placeholder(0)}T03:00:00+01:00</erstellungszeitpunkt>",
        f"<ersteller><guid>{provider['guid']}</guid><name>{cdata(provider['name'])}</name></ersteller>",
        "</export>",
    ]
    body = [offer_xml(c, config["place"], provider) for c in courses()]
    return "\n".join([*head, *body, "</openvhs:veranstaltungen>"]) + "\n"


# Culture calendar: culture.toml

VTIMEZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """Lines of at most 75 octets (RFC 5545 3.1), never inside a character or a placeholder."""
    out, size = [""], 0
    for part in re.findall(r"\{\{.*?\}\}|.", line):
        length = len(part.encode())
        if size + length > 74:
            out.append(" ")
            size = 1
        out[-1] += part
        size += length
    return "\r\n".join(out)


def culture() -> str:
    config = tomllib.loads((HERE / "culture.toml").read_text(encoding="utf-8"))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//bildungsbuero//Demo-Stadt Lauterstadt//DE",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(config['name'])}",
        f"X-WR-CALDESC:{escaped(config['notice'])}",
        "X-WR-TIMEZONE:Europe/Berlin",
        *VTIMEZONE.split("\n"),
    ]
    for number, event in enumerate(config["event"], 1):
        lines += event_lines(event, config["place"])
    lines.append("END:VCALENDAR")
    return "".join(folded(line) + "\r\n" for line in lines)


def event_lines(event: dict, places: dict) -> list[str]:
    place = places[event["place"]]
    day, weekday = event["day"], event.get("weekday")
    zone = "TZID=Europe/Berlin"
    out = [
        "BEGIN:VEVENT",
        f"UID:{event['key']}@kultur.lauterstadt.example",
        f"DTSTAMP:{placeholder(0, ics=True)}T030000Z",
        f"SEQUENCE:{event.get('sequence', 0)}",
        f"STATUS:{event.get('status', 'CONFIRMED')}",
    ]
    if "start" not in event:
        last = resolve_order(day, weekday, event.get("days", 1))
        out += [
            f"DTSTART;VALUE=DATE:{placeholder(day, weekday, True)}",
            f"DTEND;VALUE=DATE:{last}",
        ]
    else:
        start, end = event["start"].replace(":", ""), event.get("end", "").replace(":", "")
        out.append(f"DTSTART;{zone}:{placeholder(day, weekday, True)}T{start}00")
        if end:
            over_midnight = end < start
            until = next_day(day, weekday) if over_midnight else placeholder(day, weekday, True)
            out.append(f"DTEND;{zone}:{until}T{end}00")
        if "weekly" in event:
            out.append(f"RRULE:FREQ=WEEKLY;INTERVAL={event.get('interval', 1)};COUNT={event['weekly']}")
            for week in event.get("except", []):
                skipped = placeholder(day + 7 * week * event.get("interval", 1), weekday, True)
                out.append(f"EXDATE;{zone}:{skipped}T{start}00")
    out += [
        f"SUMMARY:{escaped(event['title'])}",
        f"DESCRIPTION:{escaped(event['text'].strip())}",
        f"LOCATION:{escaped(place['text'])}",
        f"GEO:{place['geo']}",
        "CATEGORIES:" + ",".join(escaped(c) for c in event["categories"]),
        f"URL:https://kultur.lauterstadt.example/termin/{event['key']}",
        "END:VEVENT",
    ]
    return out


def next_day(day: int, weekday: str | None) -> str:
    following = DAYS[(DAYS.index(weekday) + 1) % 7] if weekday else None
    return placeholder(day + 1, following, True)


def resolve_order(day: int, weekday: str | None, days: int) -> str:
    """The exclusive end of an all-day event of `days` days."""
    last = DAYS[(DAYS.index(weekday) + days) % 7] if weekday else None
    return placeholder(day + days, last, True)


# Checks


def words_of(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def alike(texts: dict[str, str]) -> list[tuple[float, str, str]]:
    """The pairs with the share of five-word sequences that the shorter text has in common with the other, worst first."""
    shingles = {key: words_of(text) for key, text in texts.items()}
    found = []
    for (a, left), (b, right) in itertools.combinations(shingles.items(), 2):
        if common := len(left & right):
            found.append((common / min(len(left), len(right)), a, b))
    return sorted(found, reverse=True)


def sentences(text: str) -> int:
    text = re.sub(r"\b(z\. ?B|d\. ?h|u\. ?a|ca|bzw|inkl|zzgl|Std|max|min|Nr|St|Dr|evtl|ggf)\.", "", text)
    return len(re.findall(r"[.!?](?:[\s\"“»)]|$)", text))


def check_offers(complaints: list[str]) -> None:
    found = courses()
    texts = {c["number"]: " ".join(c["text"]) for c in found}
    if len(texts) != len(found):
        numbers = [c["number"] for c in found]
        complaints.append(f"numbers used twice: {sorted({n for n in numbers if numbers.count(n) > 1})}")
    if len(found) < 200:
        complaints.append(f"only {len(found)} courses")
    for c in found:
        count = sentences(texts[c["number"]])
        if not 2 <= count <= 6:
            complaints.append(f"{c['number']}: {count} sentences")
        if len(words_of(texts[c["number"]])) < 12:
            complaints.append(f"{c['number']}: a very short text")
    pairs = alike(texts)
    for share, a, b in pairs:
        if share > MAX_SHARED:
            complaints.append(f"{a} and {b} share {share:.0%} of their five-word sequences")
    worst = pairs[0] if pairs else (0.0, "-", "-")
    per_area = {area: sum(c["category"][0] == area for c in found) for area in AREAS}
    levels = {}
    for c in found:
        if "level" in c["extras"] and c["category"][0] == "4":
            levels[c["extras"]["level"][:2]] = levels.get(c["extras"]["level"][:2], 0) + 1
    print(f"{len(found)} courses {per_area}")
    print(f"  free {sum(c['price'] == '0' for c in found)}, reduced {sum('/' in c['price'] for c in found)}, "
          f"no price {sum(c['price'] == '?' for c in found)}, "
          f"full {sum(len(c['seats']) == 3 and c['seats'][1] >= c['seats'][2] for c in found)}, "
          f"online {sum('online' in c['extras'] or 'blended' in c['extras'] for c in found)}, "
          f"language levels {dict(sorted(levels.items()))}")
    print(f"  most alike: {worst[1]} and {worst[2]}, {worst[0]:.1%} (allowed {MAX_SHARED:.0%}); "
          f"{len(pairs)} of {len(found) * (len(found) - 1) // 2} pairs share any five words")
    for day in (dt.date(2026, 3, 2), dt.date(2026, 12, 27), dt.date(2028, 2, 26), dt.date(2027, 10, 31)):
        root = ET.fromstring(render(OFFERS.read_text(encoding="utf-8"), day))
        for offer in root.findall("veranstaltung"):
            number = offer.findtext("nummer")
            begin, end = (dt.date.fromisoformat(offer.findtext(t)) for t in ("beginn_datum", "ende_datum"))
            dates = [dt.date.fromisoformat(t.findtext("beginn_datum")) for t in offer.findall("termin")] or [begin, end]
            named = {w.text for w in offer.findall("wochentag")}
            if dates != sorted(dates) or (dates[0], dates[-1]) != (begin, end):
                complaints.append(f"{number}: dates out of order when loaded on {day}")
            if not {DAY_NAMES[d.weekday()] for d in dates} <= named:
                complaints.append(f"{number}: weekdays do not fit when loaded on {day}")


def check_culture(complaints: list[str]) -> None:
    text = render(CULTURE.read_bytes().decode("utf-8"), dt.date(2026, 3, 2))
    events = text.count("BEGIN:VEVENT")
    for line in CULTURE.read_bytes().split(b"\r\n"):
        if len(line) > 75:
            complaints.append(f"calendar line of {len(line)} octets: {line[:40]!r}")
    config = tomllib.loads((HERE / "culture.toml").read_text(encoding="utf-8"))
    keys = [event["key"] for event in config["event"]]
    if len(keys) != len(set(keys)):
        complaints.append("calendar keys are used twice")
    print(f"{events} calendar events")


def check_network(complaints: list[str]) -> None:
    data = json.loads((HERE / "actors.json").read_text(encoding="utf-8"))
    provider = tomllib.loads((HERE / "vhs" / "places.toml").read_text(encoding="utf-8"))["provider"]["name"]
    keys = [a["key"] for a in data["actors"]]
    fields = {"key", "name", "short_name", "kind", "types", "life_phases", "themes", "districts", "languages", "web", "description"}
    districts = {d["code"] for d in tomllib.loads((HERE / "city.toml").read_text(encoding="utf-8"))["city"]["districts"]}
    if len(keys) != len(set(keys)):
        complaints.append("actor keys are used twice")
    for a in data["actors"]:
        if set(a) != fields:
            complaints.append(f"{a['key']}: fields {set(a) ^ fields}")
        for name in ("kind", "types", "life_phases", "themes"):
            values = [a[name]] if name == "kind" else a[name]
            for value in values:
                if value not in data["codes"][name]:
                    complaints.append(f"{a['key']}: unknown {name} {value}")
        if not set(a["districts"]) <= districts:
            complaints.append(f"{a['key']}: unknown district")
        if not re.fullmatch(r"https://[a-z0-9.-]+\.example", a["web"]):
            complaints.append(f"{a['key']}: web address is not of the example domain")
    if provider not in [a["name"] for a in data["actors"]]:
        complaints.append(f"no actor is named {provider}")
    pairs = set()
    for c in data["cooperations"]:
        for end in ("from", "to"):
            if c[end] not in keys:
                complaints.append(f"cooperation with unknown actor {c[end]}")
        for name in ("type", "formality", "state"):
            if c[name] not in data["codes"][name]:
                complaints.append(f"{c['from']} - {c['to']}: unknown {name} {c[name]}")
        if c["strength"] not in (1, 2, 3, 4):
            complaints.append(f"{c['from']} - {c['to']}: strength {c['strength']}")
        pair = (*sorted((c["from"], c["to"])), c["type"])
        if pair in pairs:
            complaints.append(f"cooperation {pair} is there twice")
        pairs.add(pair)
    linked = {c[end] for c in data["cooperations"] for end in ("from", "to")}
    print(f"{len(keys)} actors, {len(data['cooperations'])} cooperations, without any: {sorted(set(keys) - linked)}")


def check() -> int:
    complaints: list[str] = []
    for path, text in ((OFFERS, offers()), (CULTURE, culture())):
        if not path.exists() or path.read_bytes() != text.encode("utf-8"):
            complaints.append(f"{path.name} is stale: run build.py")
    check_offers(complaints)
    check_culture(complaints)
    check_network(complaints)
    for complaint in complaints:
        print(f"FAULT {complaint}")
    print("the demo city is sound" if not complaints else f"{len(complaints)} faults")
    return 1 if complaints else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("check")
    show = commands.add_parser("render")
    show.add_argument("--day", type=dt.date.fromisoformat, default=None)
    show.add_argument("file", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "check":
        return check()
    if arguments.command == "render":
        text = arguments.file.read_bytes().decode("utf-8")
        sys.stdout.buffer.write(render(text, arguments.day or dt.date.today()).encode("utf-8"))
        return 0
    OFFERS.write_bytes(offers().encode("utf-8"))
    CULTURE.write_bytes(culture().encode("utf-8"))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Fault as fault:
        sys.exit(f"build.py: {fault}")
