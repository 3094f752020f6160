"""What must be reached, and what was: as data and as text."""

import statistics
from dataclasses import dataclass
from typing import Callable

from exported import CROWD
from parts import CLIENTS, spread
from servers import APCU, EXPORT, OURS, PHP, SAME, STATIC

NEAR = 0.1  # a miss by less is noted, but may be chance


@dataclass
class Target:
    """A figure of a part, and the limit that it must keep."""

    name: str
    part: str
    limit: float
    is_least: bool  # the limit; otherwise it is the most
    unit: str
    figure: Callable  # the part's figures -> a number or a spread()
    why: Callable  # the same -> what the figure is made of

    def judge(self, results):
        """The target with its value; None where that was not measured."""
        figures = results.get(self.part)
        judged = {"name": self.name, "part": self.part, "unit": self.unit,
                  "limit": self.limit, "is_least": self.is_least,
                  "limit_text": limit_text(self), "value": None,
                  "verdict": "not measured", "why": None}
        value = None if figures is None else self.figure(figures)
        if value is None:
            return judged
        middle = value["median"] if isinstance(value, dict) else value
        judged["value"] = value
        if middle >= self.limit if self.is_least else middle <= self.limit:
            judged["verdict"] = "reached"
            return judged
        by = abs(middle - self.limit) / (self.limit or 1)
        judged["verdict"] = "missed" if by >= NEAR else "missed narrowly"
        judged["why"] = self.why(figures)
        return judged


def row_of(rows, **wanted):
    return next(row for row in rows
                if all(row[key] == value for key, value in wanted.items()))


def ratios(ours, theirs):
    """Round by round."""
    return spread([a / b for a, b in zip(ours, theirs)])


def faster(text, mode, than, who=OURS, part="speed"):
    """Requests per second of a page, as a multiple of somebody else's."""
    def pair(rows):
        return [row_of(rows, server="lighttpd", text=text, mode=mode, who=each)
                for each in (who, than)]

    def figure(rows):
        return ratios(*[row["rates"] for row in pair(rows)])

    def why(rows):
        return "; ".join(
            f"a request costs {row['who']} {row['server_cpu']:.1f} µs in the "
            f"server and {row['workers_cpu']:.1f} µs in workers"
            for row in pair(rows))

    name = f"{text}, {mode}, against {than}"
    if who != OURS:
        name = f"{who}, {name}"
    return {"name": name, "part": part, "is_least": True, "unit": "x",
            "figure": figure, "why": why}


def counted(entries):
    def figure(counts):
        return row_of(counts["worker"], entries=entries)["instructions"]

    def why(counts):
        return most(row_of(counts["worker"], entries=entries))

    return {"name": f"instructions of a menu request, {entries:,} entries",
            "part": "instructions", "is_least": False, "unit": "",
            "figure": figure, "why": why}


def most(count):
    return "most in " + ", ".join(
        f"{function} {used / count['instructions']:.0%}"
        for function, used in count["most"][:4])


def growth(counts):
    rows = counts["worker"]
    return (rows[-1]["instructions"] / rows[0]["instructions"] - 1) * 100


def why_growth(counts):
    few, many = counts["worker"][0], counts["worker"][-1]
    known = dict(few["most"])
    function, used = max(many["most"],
                         key=lambda item: item[1] - known.get(item[0], 0))
    return (f"{few['instructions']:,} became {many['instructions']:,}; "
            f"{function} has {used:,} of them, and had "
            f"{known.get(function, 0):,}")


def private(entries):
    def figure(rows):
        return row_of(rows, entries=entries)["alone"]["private"]

    def why(rows):
        row = row_of(rows, entries=entries)
        heap, total = row["alone"]["heap"], row["alone"]["private"]
        return (f"{heap:,} KiB on the heap, {heap * 1024 // entries:,} bytes "
                f"an entry, of a catalogue of {row['catalog'] // entries:,} "
                f"bytes an entry; {total - heap:,} KiB of libraries and stack")

    return {"name": f"private memory of a worker, {entries:,} entries",
            "part": "memory", "is_least": False, "unit": "KiB",
            "figure": figure, "why": why}


def against(key):
    """A figure of a site, as a multiple of that of another version."""
    def figure(rows):
        if "theirs" not in rows:
            return None
        return rows["ours"][key] / rows["theirs"][key]

    def why(rows):
        return (f"{rows['ours'][key]:,} KiB now, {rows['theirs'][key]:,} KiB "
                "in the other version")

    return {"part": "site", "is_least": False, "unit": "x", "figure": figure,
            "why": why}


def storm_pair(rows, *whos):
    return [row_of(rows, server="lighttpd", who=who)["runs"] for who in whos]


def storm_ratio(a, b, part="storm"):
    """How many times as long a's storm took as b's."""
    def figure(rows):
        return ratios(*[[run["total"] for run in runs]
                        for runs in storm_pair(rows, a, b)])

    def why(rows):
        return "; ".join(map(storm_cost, (a, b), storm_pair(rows, a, b)))

    return {"part": part, "unit": "x", "figure": figure, "why": why}


def storm_cost(who, runs):
    total, server, workers, clients = (
        statistics.median(run[key] for run in runs) * 1000
        for key in ("total", "server", "workers", "cpu"))
    return (f"{who} took {total:.0f} ms, with {server:.0f} ms of CPU in the "
            f"server, {workers:.0f} in workers and {clients:.0f} in clients")


def failures(who):
    def figure(rows):
        runs, = storm_pair(rows, who)
        return sum(run["failed"] for run in runs)

    return {"limit": 0, "is_least": False, "unit": "", "figure": figure,
            "why": lambda rows: f"{figure(rows)} clients failed"}


def export_ratio(a, b):
    """The time of one way to have all pages, as a multiple of another's."""
    def seconds(figures, key):
        return [run[key]["seconds"] for run in figures["runs"]]

    def figure(figures):
        return ratios(seconds(figures, a), seconds(figures, b))

    def why(figures):
        run = figures["runs"][0]
        return "; ".join(
            f"{word} took {statistics.median(seconds(figures, key)):.1f} s"
            + (f", {run[key]['cpu']:.1f} s of CPU" if "cpu" in run[key] else "")
            for key, word in ((a, EXPORTS[a]), (b, EXPORTS[b])))

    return {"part": "export", "is_least": False, "unit": "x",
            "figure": figure, "why": why}


EXPORTS = {"first": "the first export", "edit": "an export after one edit",
           "same": "an export with nothing to do",
           "curl": "the same pages by curl"}


def started(rows):
    """What each round of the first row took, by what was started."""
    runs = rows[0]["runs"]
    return {key: [run[key] for run in runs] for key in runs[0]}


def starts(rows):
    took = started(rows)
    return ratios(took["menu"], took["true"])


def why_start(rows):
    true, refused, menu = map(statistics.median, started(rows).values())
    return (f"{true:.0f} µs for /bin/true, {refused:.0f} µs until a request "
            f"is refused, {menu - refused:.0f} µs more to read the catalogue "
            "and answer")


def hosts(name, figure):
    """Of a site with ten host files and one with many."""
    def why(rows):
        return "; ".join(
            f"{row['hosts']:,} host files: {row['instructions']:,} "
            f"instructions, {row['ours']:.0f} µs of CPU, and "
            f"{row['php']:.0f} in PHP; {statistics.median(row['check']['ours']):.1f} s "
            f"to check them, and {statistics.median(row['check']['jq']):.1f} by jq"
            for row in rows)

    return {"name": name, "part": "hosts", "unit": "x",
            "figure": lambda rows: figure(*rows), "why": why}


def check(_, many):
    return ratios(many["check"]["ours"], many["check"]["jq"])


def before(name, pick, unit, limit):
    """A figure as a multiple of that of an earlier build; pick: the figures of
    the part -> those of each build, or the rounds of each."""
    def figure(figures):
        if not figures:
            return None
        ours, theirs = (pick(figures)[key] for key in ("ours", "theirs"))
        return ratios(ours, theirs) if isinstance(ours, list) \
            else ours / theirs

    def why(figures):
        ours, theirs = (
            statistics.median(value) if isinstance(value, list) else value
            for value in (pick(figures)[key] for key in ("ours", "theirs")))
        return f"{ours:,.0f} {unit} now, {theirs:,.0f} in the build before"

    return Target(f"{name}, against the build before", "before", limit, False,
                  "x", figure, why)


def before_row(key, entries):
    return lambda figures: row_of(figures["rows"], entries=entries)[key]


STORM = f"{CLIENTS:,} clients at once"
MANY = f"{CROWD:,} clients at once"
TARGETS = [
    Target(limit=0.70, **faster("menu", "close", STATIC)),
    Target(limit=2.8, **faster("menu", "close", PHP)),
    Target(limit=3.5, **faster("menu", "keep-alive", PHP)),
    Target(limit=1.8, **faster("menu", "close", APCU)),
    Target(limit=1.8, **faster("menu", "keep-alive", APCU)),
    Target(limit=2.5, **faster("fromthemirror", "close", PHP)),
    Target(limit=2.5, **faster("fromthemirror", "keep-alive", PHP)),
    Target(limit=16000, **counted(100)),
    Target("their growth from 100 to 10,000 entries", "instructions", 15,
           False, "%", growth, why_growth),
    Target("instructions of the engine, a text of 100 entries",
           "instructions", 150000, False, "",
           lambda counts: counts["engine"]["instructions"],
           lambda counts: most(counts["engine"])),
    Target(limit=300, **private(100)),
    Target(limit=1.6 * 1024, **private(1000)),
    Target(limit=13.5 * 1024, **private(10000)),
    Target("memory of a site, against four sockets", limit=0.35,
           **against("all")),
    Target("memory of its largest worker, against four sockets", limit=1.1,
           **against("one")),
    Target(f"{STORM}, failures", "storm", **failures(OURS)),
    Target(f"{STORM}, time against {STATIC}", limit=1.6, is_least=False,
           **storm_ratio(OURS, STATIC)),
    Target(f"{STORM}, speed against {PHP}", limit=2.7, is_least=True,
           **storm_ratio(PHP, OURS)),
    Target("start as plain CGI, against /bin/true", "start", 2.5, False, "x",
           starts, why_start),
    Target(limit=1.05, is_least=False, **hosts(
        "a machine's own page, instructions with many host files against ten",
        lambda few, many: many["instructions"] / few["instructions"])),
    Target(limit=50, is_least=True, **hosts(
        "a machine's own page, against PHP that decodes one file of all hosts",
        lambda few, many: many["php"] / many["ours"])),
    Target(limit=3, is_least=False, **hosts(
        "check of many host files, against find and jq", check)),
    *[before(f"private memory of a worker, {entries:,} entries",
             before_row("memory", entries), "KiB", limit)
      for entries, limit in ((100, 0.6), (1000, 0.45), (10000, 0.35))],
    before("reading a catalogue of 10,000 entries",
           before_row("starts", 10000), "µs", 0.5),
    before("an answer as plain CGI, 100 entries",
           before_row("starts", 100), "µs", 0.6),
    before("instructions of a menu request",
           lambda figures: figures["instructions"], "instructions", 0.9),
    *[Target(limit=0.98, **faster("menu", mode, SAME, EXPORT, "exported"))
      for mode in ("close", "keep-alive")],
    Target(f"{MANY}, {EXPORT}, failures", "crowd", **failures(EXPORT)),
    Target(f"{MANY}, {EXPORT}, time against {SAME}", limit=1.05,
           is_least=False, **storm_ratio(EXPORT, SAME, "crowd")),
    Target(f"{MANY}, failures", "crowd", **failures(OURS)),
    Target(f"{MANY}, time against {STATIC}", limit=1.5, is_least=False,
           **storm_ratio(OURS, STATIC, "crowd")),
    Target(f"{MANY}, time against {PHP}", limit=0.33, is_least=False,
           **storm_ratio(OURS, PHP, "crowd")),
    Target("export of 10,000 entries, time against curl", limit=0.1,
           **export_ratio("first", "curl")),
    Target("export after one edit, time against the first", limit=0.15,
           **export_ratio("edit", "first")),
]


def limit_text(target):
    return ("at least " if target.is_least else "at most ") + \
        number(target.limit, target.unit)


def judge_all(results):
    return [target.judge(results) for target in TARGETS]


def number(value, unit=""):
    digits = 0 if value == int(value) or value >= 1000 else \
        2 if value < 10 else 1
    return f"{value:,.{digits}f}" + (f" {unit}" if unit else "")


def spread_text(value, unit=""):
    if not isinstance(value, dict):
        return number(value, unit)
    return (f"{number(value['median'], unit)} "
            f"({number(value['min'])} to {number(value['max'])})")


def table(*rows):
    """Rows of cells as Markdown that reads well as it is."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths)
                 + "|")
    return "\n".join(lines)


def targets_text(judged):
    rows = [("target", "limit", "measured", "")]
    for target in judged:
        value = target["value"]
        rows.append((target["name"], target["limit_text"],
                     "" if value is None else spread_text(value,
                                                          target["unit"]),
                     target["verdict"]))
    whys = [f"- {target['name']}: {target['why']}." for target in judged
            if target["why"]]
    return "\n".join([table(*rows)]
                     + (["", "What is missed, and why:", "", *whys]
                        if whys else []))


def speed_text(rows):
    cells = [("server", "text", "connections", "who answers", "requests/s",
              "x static file", "mirrorboot is x", "CPU µs, server",
              "CPU µs, workers")]
    for row in rows:
        same = {key: row[key] for key in ("server", "text", "mode")}
        static, ours = (row_of(rows, **same, who=who)["rates"]
                        for who in (STATIC, OURS))
        cells.append((
            *same.values(), row["who"],
            number(round(statistics.median(row["rates"]))),
            spread_text(ratios(row["rates"], static)),
            spread_text(ratios(ours, row["rates"])),
            number(row["server_cpu"]), number(row["workers_cpu"])))
    return table(*cells)


def storm_text(rows):
    cells = [("server", "who answers", "failures", "50 % done, ms",
              "99 % done, ms", "all done, ms", "x static file",
              "mirrorboot is x", "clients' CPU, ms")]
    for row in rows:
        runs = row["runs"]
        static, ours = ([run["total"] for run in
                         row_of(rows, server=row["server"], who=who)["runs"]]
                        for who in (STATIC, OURS))
        totals = [run["total"] for run in runs]
        middle = {key: statistics.median(run[key] for run in runs) * 1000
                  for key in ("p50", "p99", "total", "cpu")}
        cells.append((
            row["server"], row["who"],
            str(sum(run["failed"] for run in runs)),
            *[f"{middle[key]:.0f}" for key in ("p50", "p99", "total")],
            spread_text(ratios(totals, static)),
            spread_text(ratios(ours, totals)), f"{middle['cpu']:.0f}"))
    return table(*cells)


def exported_text(rows):
    return table(
        ("connections", "who answers", "requests/s", "CPU µs, server"),
        *[(row["mode"], row["who"],
           number(round(statistics.median(row["rates"]))),
           number(row["server_cpu"])) for row in rows])


def export_text(figures):
    runs = figures["runs"]
    cells = [("what", "files", "s", "CPU s")]
    for key, word in EXPORTS.items():
        times = [run[key]["seconds"] for run in runs]
        cells.append((
            word, number(runs[0]["pages" if key == "curl" else "files"]),
            spread_text(spread(times)),
            "" if key == "curl" else number(statistics.median(
                run[key]["cpu"] for run in runs))))
    return f"In {len(runs)} rounds, for each takes minutes.\n\n" + table(*cells)


def memory_text(rows):
    return table(
        ("entries", "catalogue, KiB", "private, KiB", "of it heap, KiB",
         "every menu asked for, KiB"),
        *[(f"{row['entries']:,}", number(row["catalog"] // 1024),
           number(row["alone"]["private"]), number(row["alone"]["heap"]),
           number(row["asked"]["private"])) for row in rows])


def site_text(rows):
    names = {"ours": "this version", "theirs": "the other version"}
    return table(
        ("what", "sockets", "workers", "private in all, KiB",
         "of one at most, KiB"),
        *[(names[name], number(row["sockets"]), number(row["workers"]),
           number(row["all"]), number(row["one"]))
          for name, row in rows.items()])


def instructions_text(counts):
    rows = [(f"menu worker, catalogue of {row['entries']:,}", row)
            for row in counts["worker"]]
    if "theirs" in counts:
        rows.append((f"menu worker of the other version, catalogue of "
                     f"{counts['theirs']['entries']:,}", counts["theirs"]))
    rows.append((f"template engine, {counts['engine']['entries']} entries",
                 counts["engine"]))
    return table(("what", "instructions", "where"),
                 *[(name, number(row["instructions"]), most(row))
                   for name, row in rows])


def start_text(rows):
    cells = [("what", "µs", "x /bin/true")]

    def add(what, runs, key):
        cells.append((what, spread_text(spread([run[key] for run in runs])),
                      spread_text(ratios([run[key] for run in runs],
                                         [run["true"] for run in runs]))))

    add("/bin/true", rows[0]["runs"], "true")
    add("menu, a request that is refused", rows[0]["runs"], "refused")
    for row in rows:
        add(f"menu, catalogue of {row['entries']:,}", row["runs"], "menu")
    return table(*cells)


def hosts_text(rows):
    return table(
        ("host files", "instructions", "CPU µs", "CPU µs, PHP", "check, s",
         "find and jq, s"),
        *[(number(row["hosts"]), number(row["instructions"]),
           number(round(row["ours"])), number(round(row["php"])),
           *[spread_text(spread(row["check"][way])) for way in ("ours", "jq")])
          for row in rows])


def before_text(figures):
    return table(
        ("entries", "private, KiB", "before, KiB", "plain CGI, µs",
         "before, µs", "x"),
        *[(f"{row['entries']:,}", number(row["memory"]["ours"]),
           number(row["memory"]["theirs"]),
           *[number(round(statistics.median(row["starts"][key])))
             for key in ("ours", "theirs")],
           spread_text(ratios(row["starts"]["ours"],
                              row["starts"]["theirs"])))
          for row in figures["rows"]])


TEXTS = {
    "speed": ("Requests", speed_text),
    "storm": (f"{CLIENTS:,} clients at once, each boot, menu, fromthemirror",
              storm_text),
    "memory": ("Private memory of a worker", memory_text),
    "site": ("Private memory of an idle site, shipped catalogue", site_text),
    "instructions": ("Instructions", instructions_text),
    "start": ("Start as plain CGI", start_text),
    "hosts": ("A machine's own page", hosts_text),
    "before": ("A worker and plain CGI, against the build before",
               before_text),
    "exported": ("An exported menu", exported_text),
    "crowd": (f"{CROWD:,} clients at once, each boot, menu, fromthemirror",
              storm_text),
    "export": ("An export of 10,000 entries", export_text),
}


def text(results, judged):
    parts = ["## Targets", targets_text(judged)]
    for part, (title, write) in TEXTS.items():
        if results.get(part):
            parts += [f"## {title}", write(results[part])]
    return "\n\n".join(parts) + "\n"
