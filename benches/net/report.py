"""Tables of samples."""
import re
import statistics

from workloads import PER_MB, WORKLOADS

# The share of the window that may be lost to others.
NOISY = 0.05


def noise(sample):
    """The share of the window that others used; 0 for a failed sample, which is never repeated."""
    if sample["fails"] or sample["workload"] == "idle9000":
        return 0.0
    lost = max(sample.get("srv_wait", 0), sample.get("cli_wait", 0))
    if "foreign" in sample:     # On one core the two wait for each other all the time.
        lost = sample["foreign"]
    return max(lost, sample.get("steal", 0), sample.get("slow", 0) - 0.03)


def short(number):
    if not number:
        return "-" if number is None else "0"
    size = abs(number)
    if size >= 10000:
        return f"{number / 1000:.0f}k" if size >= 100000 else f"{number / 1000:.1f}k"
    return f"{number:.0f}" if size >= 100 else f"{number:.1f}" if size >= 10 else f"{number:.2f}"


def collapse(messages):
    """Numbers differ from round to round: messages of the same words are shown once, with their count."""
    seen = {}
    for message in messages:
        seen.setdefault(re.sub(r"(?<![=\w-])\d+(\.\d+)?", "#", message), []).append(message)
    return "; ".join(same[0] + (f" (x{len(same)})" if len(same) > 1 else "") for same in seen.values())


def median(samples, key):
    values = [one[key] for one in samples if one.get(key) is not None]
    return statistics.median(values) if values else None


def names_in(samples):
    return list(dict.fromkeys(one["server"] for one in samples))


def table(head, rows):
    print("\n| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def notes_of(taken, good):
    notes = [collapse([text for one in taken for text in one["fails"] + one["notes"]])]
    others = {one["port_ignored"] for one in taken if "port_ignored" in one}
    if others:
        notes.append(f"ignores its port, uses {min(others)}")
    noisy = sum(noise(one) > NOISY for one in good.values())
    if noisy:
        notes.append(f"{noisy} noisy")
    return "; ".join(note for note in notes if note)


def row_of(name, taken, good, bases, idle):
    """One server's line. Without a good sample the rate up to the failure is shown in brackets."""
    mine = good[name]
    used = list(mine.values()) or [one for one in taken if one.get("value")]
    values = [one["value"] for one in used if one.get("value") is not None]
    if values:
        rate = short(statistics.median(values))
        row = [name, rate if mine else f"({rate})", f"{short(min(values))}..{short(max(values))}"]
    else:
        row = [name, "-", "-"]
    for base in bases:
        if not mine:
            row.append("-")
            continue
        pairs = [mine[number]["value"] / good[base][number]["value"] for number in mine if number in good[base]]
        ratio = statistics.median(values) / median(good[base].values(), "value")
        row.append(f"{ratio:.2f}" + (f" ({statistics.median(pairs):.2f})" if pairs else ""))
    if not idle:
        cpu = median(used, "cpu_us")
        # A server that spins after a stall has a CPU time that says nothing.
        row.append(short(cpu) if mine else "-")
        row += [f"{cpu / median(good[base].values(), 'cpu_us'):.2f}" if mine else "-" for base in bases]
        busy = [median(used, key) for key in ("srv_busy", "cli_busy")]
        row.append("/".join("-" if share is None else f"{share:.0%}" for share in busy) if mine else "-")
        row += [short(median(used, key) or None) for key in ("p50_us", "p99_us")]
    peak = max((one.get("hwm_kib", 0) for one in taken), default=0) / 1024
    return [*row, short(peak), f"{len(mine)}/{len(taken)}", notes_of(taken, mine)]


def report(samples, bases):
    """A table for each workload."""
    for workload, (_, _, _, unit) in WORKLOADS.items():
        mine = [one for one in samples if one["workload"] == workload]
        if not mine:
            continue
        taken = {name: [one for one in mine if one["server"] == name] for name in names_in(mine)}
        good = {name: {one["round"]: one for one in own if not one["fails"]} for name, own in taken.items()}
        idle = workload == "idle9000"
        shown = [] if idle else [base for base in bases if good.get(base)]
        head = ["server", unit, "min..max", *(f"/{base}" for base in shown)]
        if not idle:
            head += ["cpu us/MB" if workload in PER_MB else "cpu us/op", *(f"cpu /{base}" for base in shown),
                     "busy srv/cli", "p50 us", "p99 us"]
        head += ["peak MiB", "ok", "notes"]
        print(f"\n### {workload}")
        table(head, [row_of(name, taken[name], good, shown, idle) for name in taken])
        rounds = max(one["round"] for one in mine) + 1
        print(f"\n{rounds} rounds. Ratios: of the medians (median of the ratios round by round).")


def summary(samples, bases):
    """One line per workload: the median, and the median of the ratios to each base; then CPU time likewise."""
    names = names_in(samples)
    for title, key in (("rate", "value"), ("server CPU us per operation (bulk8, burst8: per MB)", "cpu_us")):
        print(f"\n{title}; in brackets the ratio to {', to '.join(bases)}; F: failed")
        rows = []
        for workload in WORKLOADS:
            mine = [one for one in samples if one["workload"] == workload]
            idle = workload == "idle9000"
            if not mine or (key == "cpu_us" and idle):
                continue
            good = {name: {one["round"]: one[key] for one in mine
                           if one["server"] == name and not one["fails"] and one.get(key) is not None}
                    for name in names_in(mine)}
            unit = "" if key == "cpu_us" else f", {WORKLOADS[workload][3]}"
            row = [f"{workload}{unit}"]
            for name in names:
                if not good.get(name):
                    row.append("F" if name in good else "")
                    continue
                ratios = []
                for base in [] if idle else bases:
                    pairs = [value / good[base][number] for number, value in good[name].items()
                             if good.get(base, {}).get(number)]
                    ratios.append(f"{statistics.median(pairs):.2f}" if pairs else "-")
                text = short(statistics.median(good[name].values()))
                row.append(text + (f" ({', '.join(ratios)})" if ratios else ""))
            rows.append(row)
        table(["workload", *names], rows)
