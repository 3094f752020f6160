"""The measurements: each part returns its figures as plain data."""

import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import catalogs
from servers import (OURS, PHP, STATIC, TARGETS, WORKERS, Fault, Lighttpd,
                     Nginx, harness)

TOOLS = harness.BUILD / "bench"
CLIENTS = 1000
STEPS = ("boot", "menu", "fromthemirror")  # of a machine, in turn
MODES = {"close": ["-H", "Connection: close"], "keep-alive": []}
COUNTED = 12  # requests under callgrind
# Callgrind counts "rep movsb" as an instruction a byte, where a processor
# counts one in all: let memcpy() use others.
NO_REP = {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff"}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def output(*command, **how):
    done = subprocess.run([str(word) for word in command], text=True,
                          capture_output=True, timeout=300, check=False, **how)
    if done.returncode:
        raise Fault(f"{command}:\n{done.stdout}{done.stderr}")
    return done


def spread(values):
    """The median of a figure's rounds, the least and the most."""
    return {"median": statistics.median(values), "min": min(values),
            "max": max(values)}


def turned(items, round_):
    """The items in another order each round, so that none is always the one
    that runs after the heaviest."""
    shift = round_ % len(items)
    return items[shift:] + items[:shift]


def load(server, target, mode, seconds):
    """One run of wrk: requests per second, and the CPU time of each."""
    members = server.members()
    before = server.cpu()
    text = output(harness.find("wrk", "wrk"), "-t1", "-c32", f"-d{seconds}s",
                  *MODES[mode], f"http://127.0.0.1:{server.port}{target}"
                  ).stdout
    used = server.cpu()
    used.subtract(before)
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
    if not done or int(done[1]) == 0 or "errors" in text or "Non-2xx" in text:
        raise Fault(f"{server.name}, {target}, {mode}: requests failed:\n"
                    f"{text}{server.log.read_text()}")
    if server.members() != members:
        raise Fault(f"{server.name}, {target}: a process ended under load:\n"
                    + server.log.read_text())
    count = int(done[1])
    rate = re.search(r"Requests/sec:\s*([\d.]+)", text)
    return {"rate": float(rate[1]), "server": used["server"] / count,
            "workers": used["workers"] / count}


def measure_speed(options):
    """Everybody in turn, round by round, behind each server; quickly, behind
    the one that has targets."""
    rows = []
    for make in (Lighttpd,) if options.quick else (Lighttpd, Nginx):
        texts = ("menu", "fromthemirror") if make is Lighttpd else ("menu",)
        cases = [{"server": make.name, "text": text, "mode": mode, "who": who,
                  "runs": []}
                 for text in texts for mode in MODES for who in TARGETS[text]]
        rows += cases
        with make(options.entries) as server:
            server.start_php()
            server.compare()
            for number in range(options.rounds):
                say(f"speed: {make.name}, round {number + 1}")
                for case in turned(cases, number):
                    target = TARGETS[case["text"]][case["who"]]
                    case["runs"].append(load(server, target, case["mode"],
                                             options.seconds))
    return [summarize(row) for row in rows]


def summarize(row):
    runs = row.pop("runs")
    return row | {
        "rates": [run["rate"] for run in runs],
        "server_cpu": statistics.median(run["server"] for run in runs),
        "workers_cpu": statistics.median(run["workers"] for run in runs),
    }


def private_memory(pid):
    """In KiB; and its share in the heap, of the rest most is libraries'."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    total = heap = 0
    for mapping in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", text)[1:]:
        private = sum(int(size) for size in
                      re.findall(r"(?m)^Private_\w+:\s*(\d+) kB", mapping))
        line = mapping.split("\n", 1)[0].split()
        total += private
        if line[-1] == "[heap]" or len(line) == 5:  # brk() and mmap()
            heap += private
    return {"private": total, "heap": heap}


def wait_until_idle(pids):
    """One of them may still read its catalogue while another answers."""
    def used():
        return [Path(f"/proc/{pid}/stat").read_text().split()[13:15]
                for pid in pids]

    before = None
    while before != (before := used()):
        time.sleep(0.5)


def measure_memory(options):
    """A worker: with the catalogue read and one request refused, so that no
    text is made; and after every menu was asked for."""
    rows = []
    for entries in options.sizes:
        say(f"memory: {entries} entries")
        with Lighttpd(entries) as server:
            menus = json.loads(server.catalog.read_text())["menus"]
            row = {"entries": entries, "catalog": server.catalog.stat().st_size}
            for key, names in (("alone", ["none"]), ("asked", list(menus))):
                for name in names * 2 * len(server.workers()):
                    server.ask(f"/boot/menu?name={name}")
                wait_until_idle(server.workers())
                found = list(map(private_memory, server.workers()))
                row[key] = max(found, key=lambda memory: memory["private"])
            rows.append(row)
    return rows


def site_memory(programs, count, scratch, **environ):
    """Private memory, in KiB, of the workers of a site that nobody has asked
    yet, with the catalogue of their own tree unless environ names one: so many
    of each program, each program on a socket."""
    with contextlib.ExitStack() as stack:
        workers = []
        for program in programs:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(scratch / f"{program.name}.socket"))
            listener.listen()
            for _ in range(count):
                workers.append(stack.enter_context(subprocess.Popen(
                    [program], stdin=listener, env=environ)))
                stack.callback(workers[-1].terminate)
        for worker in workers:
            wchan = Path(f"/proc/{worker.pid}/wchan")
            harness.wait_for(f"{worker.args} to wait",
                             lambda: "poll" in wchan.read_text())
        sizes = [private_memory(worker.pid)["private"] for worker in workers]
        return {"workers": len(workers), "sockets": len(programs),
                "all": sum(sizes), "one": max(sizes)}


def measure_site(options):
    """The workers of a whole site; of another version too, which has a socket
    for each page."""
    say("site")
    builds = {"ours": ([harness.BUILD / "cgi/boot"], WORKERS)}
    if options.against:
        builds["theirs"] = ([options.against / "cgi" / page
                             for page in harness.PAGES], 4)
    rows = {}
    for name, (programs, count) in builds.items():
        with tempfile.TemporaryDirectory() as scratch:
            rows[name] = site_memory(programs, count, Path(scratch))
    return rows


def callgrind(*options):
    return [harness.find("valgrind", "valgrind"), "--tool=callgrind",
            "--quiet", "--compress-strings=no", *options]


def read_profile(path):
    """The instructions between two moments, and the functions that they are
    made of, largest first. (callgrind_annotate takes what was called before
    the first moment for one function's own.)"""
    used = Counter()
    lines = iter(path.read_text().splitlines())
    for line in lines:
        if line.startswith("fn="):
            function = line[3:]
        elif line.startswith("calls="):
            next(lines)  # what the callee used
        elif re.match(r"[0-9+*-]", line):
            used[function] += int(line.split()[1])
        elif line.startswith("totals: "):
            total = int(line.split()[1])
    return {"instructions": total, "most": used.most_common(8)}


def count_requests(server, target, build=harness.BUILD):
    """Instructions of a worker from one FCGX_Accept_r() to the next, all that
    lighttpd sends it included: callgrind writes a profile at each."""
    worker, = server.start_workers("counted", 1, *callgrind(
        "--dump-before=FCGX_Accept_r",
        f"--callgrind-out-file={server.dir}/profile"),
        build / "cgi/menu", **NO_REP)
    for _ in range(COUNTED):
        server.body(target)
    worker.stop()
    server.started.remove(worker)
    profiles = sorted(server.dir.glob("profile.*"),
                      key=lambda path: int(path.suffix[1:]))
    # The first ones have the reading in them, the last one the end.
    counts = sorted(map(read_profile, profiles[2:-1]),
                    key=lambda count: count["instructions"])
    return counts[len(counts) // 2]


def count_worker(entries, build=harness.BUILD):
    with Lighttpd(entries) as server:
        return {"entries": entries} | count_requests(server, "/counted/menu",
                                                     build)


def count_engine(scratch, entries=100, rounds=10):
    profile = scratch / "engine"
    output(*callgrind("--dump-before=template_render",
                      f"--callgrind-out-file={profile}"),
           TOOLS / "engine", entries, rounds, env=NO_REP)
    # From one call of template_render() to the next.
    return {"entries": entries} | read_profile(
        Path(f"{profile}.{rounds - 1}"))


def measure_instructions(options):
    rows = []
    for entries in options.sizes[::len(options.sizes) - 1]:
        say(f"instructions: {entries} entries")
        rows.append(count_worker(entries))
    counts = {"worker": rows, "engine": count_engine(options.scratch)}
    if options.against:
        counts["theirs"] = count_worker(options.sizes[0], options.against)
    return counts


def storm(server, targets, count):
    """So many clients at once, each of which fetches the targets in turn."""
    before = server.cpu()
    figures = json.loads(output(TOOLS / "storm", server.port, count,
                                *targets).stdout)
    used = server.cpu()
    used.subtract(before)
    return figures | {"server": used["server"] / 1e6,
                      "workers": used["workers"] / 1e6}


def measure_storm(options):
    rows = []
    for make in (Lighttpd, Nginx):
        with make(options.entries) as server:
            server.start_php()
            server.compare()
            cases = [{"server": make.name, "who": who, "runs": []}
                     for who in (STATIC, OURS, PHP)]
            for number in range(options.rounds):
                say(f"storm: {make.name}, round {number + 1}")
                for case in turned(cases, number):
                    targets = [TARGETS[step][case["who"]] for step in STEPS]
                    case["runs"].append(storm(server, targets, CLIENTS))
            rows += cases
    return rows


def start(program, count, **environ):
    """Microseconds of one start, from fork() to the exit status."""
    return float(output(TOOLS / "start", count, program, env=environ).stderr)


def menu_request(catalog):
    """The environment of a plain CGI program that is asked for the menu."""
    return {"GATEWAY_INTERFACE": "CGI/1.1", "QUERY_STRING": "",
            "SCRIPT_NAME": "/boot/menu", "REQUEST_METHOD": "GET",
            "MIRRORBOOT_CATALOG": str(catalog)}


def measure_start(options):
    """The menu as plain CGI: whole, which reads the catalogue, and a request
    that is refused before, which leaves the start of the program itself."""
    menu = harness.BUILD / "cgi" / "menu"
    catalog = options.scratch / "catalog.json"
    cgi = menu_request(catalog)
    rows = []
    for entries in options.sizes:
        catalog.write_text(catalogs.text(entries))
        count = max(options.starts * options.sizes[0] // entries, 2)
        row = {"entries": entries, "runs": []}
        for number in range(options.rounds):
            say(f"start: {entries} entries, round {number + 1}")
            row["runs"].append({
                "true": start("/bin/true", options.starts),
                "refused": start(menu, options.starts,
                                 **cgi | {"REQUEST_METHOD": "POST"}),
                "menu": start(menu, count, **cgi),
            })
        rows.append(row)
    return rows


def compare_memory(builds, catalog):
    """Private memory of a worker that answers all pages, by build. Two run, so
    that what they share counts for none."""
    sizes = {}
    for name, build in builds.items():
        with tempfile.TemporaryDirectory() as scratch:
            sizes[name] = site_memory([build / "cgi/boot"], 2, Path(scratch),
                                      MIRRORBOOT_CATALOG=str(catalog))["one"]
    return sizes


def compare_starts(builds, catalog, count, rounds):
    """Microseconds of an answer as plain CGI, which reads the catalogue: by
    build, round by round."""
    took = {name: [] for name in builds}
    for number in range(rounds):
        for name, build in turned(list(builds.items()), number):
            took[name].append(start(build / "cgi/menu", count,
                                    **menu_request(catalog)))
    return took


def measure_before(options):
    """This build and an earlier one, side by side."""
    if not options.before:
        return {}
    builds = {"ours": harness.BUILD, "theirs": options.before}
    rows = []
    for entries in options.sizes:
        say(f"before: {entries} entries")
        catalog = options.scratch / f"before-{entries}.json"
        catalog.write_text(catalogs.text(entries))
        time.sleep(1)  # a file that was written just now is read again
        count = max(options.starts * options.sizes[0] // entries, 2)
        rows.append({"entries": entries,
                     "memory": compare_memory(builds, catalog),
                     "starts": compare_starts(builds, catalog, count,
                                              options.rounds)})
    say("before: instructions")
    counts = {name: count_worker(options.sizes[0], build)["instructions"]
              for name, build in builds.items()}
    return {"rows": rows, "instructions": counts}


def write_hosts(server, count):
    """As many host files, and one file with all of them."""
    hosts = {"02-00-00-%02x-%02x-%02x" % (i >> 16, i >> 8 & 255, i & 255):
             {"menu": "main"} for i in range(1, count + 1)}
    (server.dir / "hosts").mkdir()
    for name, host in hosts.items():
        (server.dir / "hosts" / f"{name}.json").write_text(json.dumps(host))
    (server.dir / "hosts.json").write_text(json.dumps(hosts))


def cost(server, target, count):
    """CPU time of a request in the workers, in microseconds."""
    before = server.cpu()
    for _ in range(count):
        server.body(target)
    return (server.cpu()["workers"] - before["workers"]) / count


def check_hosts(server, rounds):
    """Seconds to check all host files, and of a bare reader of the same."""
    environ = os.environ | {"MIRRORBOOT_ENVIRONMENT": "none",
                            "MIRRORBOOT_CATALOG": str(server.catalog)}
    ways = {"ours": [harness.BUILD / "tools/mirrorboot-check"],
            "jq": ["find", server.dir / "hosts", "-name", "*.json",
                   "-exec", harness.find("jq", "jq"), "-e", ".", "{}", "+"]}
    took = {way: [] for way in ways}
    for number in range(rounds):
        for way, command in turned(list(ways.items()), number):
            begin = time.monotonic()
            output(*command, env=environ)
            took[way].append(time.monotonic() - begin)
    return took


def measure_hosts(options):
    """A machine's own page, with few host files and with many; PHP that has
    one file of them; and the check of them all."""
    rows = []
    for count in (10, 1000 if options.quick else 100000):
        say(f"hosts: {count}")
        with Lighttpd(options.entries) as server:
            write_hosts(server, count)
            server.start_php()
            mac = "mac=02-00-00-00-00-07"
            target = f"/boot/boot?dialect=ipxe&{mac}"
            rows.append({
                "hosts": count,
                "ours": cost(server, target, 400),
                "php": cost(server, f"/php/hosts.php?{mac}", 10),
                "check": check_hosts(server, options.rounds),
            } | count_requests(server, target.replace("/boot/", "/counted/", 1)))
    return rows


PARTS = {
    "speed": measure_speed,
    "storm": measure_storm,
    "memory": measure_memory,
    "site": measure_site,
    "instructions": measure_instructions,
    "start": measure_start,
    "hosts": measure_hosts,
    "before": measure_before,
}
