"""birthmark's tasks in gdb, of a live process or a core file, without running code in it.

    (gdb) source debug/birthmark.py
    (gdb) birthmark
    (gdb) birthmark groups
    (gdb) birthmark ps state=suspended

With arguments, the command `birthmark` of the crate birthmark-cli does the work, which is faster and knows filters.
The layout is that of runtime-shim/src/record/export.rs and slot.rs, versions 2 and 3.
"""

import re
import shlex
import shutil
import struct
import subprocess

import gdb

STATES = ["suspended", "created", "running", "completed", "panicked", "cancelled"]
CREATED = 1
MANY_SLOTS = 1 << 16
NAME_BIT = 1 << 63
NAMED = 1 << 31
NAMELESS = 0x200
LABELED = 0x400
LOCALS = 0x4000
POOLED = 0x800
CALLED = 0x1000
RUNNING = 2
THREADS = (2, 3)


class Registry:
    """The registry, read through the exported symbol."""

    HEAD = "<8s6I3Q8I8IQ2I3I"

    def __init__(self):
        self.memory = gdb.selected_inferior()
        # Found by any language setting, and without debug information.
        told = gdb.execute("info address BIRTHMARK_REGISTRY_V1", to_string=True)
        address = int(re.search("0x[0-9a-f]+", told).group(), 16)
        fields = struct.unpack(self.HEAD, self.read(address, struct.calcsize(self.HEAD)))
        magic, version, self.slot_bytes, self.page_slots, self.chunk_pages = fields[:5]
        if magic != b"birthmrk" or version not in (2, 3):
            raise gdb.GdbError("this program has no birthmark registry of version 2 or 3")
        self.max_chunks, self.tick_millis, chunks, pages, now = fields[5:10]
        self.site_layout = fields[10:18]
        self.frames_in_chunk, self.frames_stride, self.frames_room = fields[18:21]
        self.frame_layout = fields[21:26]
        self.blocks, self.names_in_block, self.names_room = fields[26:29]
        self.positions = fields[29:]
        self.pages = self.words(pages, 1, "I")[0]
        self.now = self.words(now, 1)[0] >> 32
        self.chunks = self.words(chunks, -(-self.pages // self.chunk_pages) or 1)

    def read(self, address, size):
        return bytes(self.memory.read_memory(address, size))

    def words(self, address, count, kind="Q"):
        size = struct.calcsize(kind)
        return struct.unpack("<%d%s" % (count, kind), self.read(address, count * size))

    def is_large(self):
        """The command shows a million tasks in a second, and this script in a minute."""
        return self.pages * self.page_slots > MANY_SLOTS

    def slots(self):
        """The address and the words of each slot that is not free."""
        page_bytes = self.page_slots * self.slot_bytes
        for number, chunk in enumerate(self.chunks):
            pages = min(self.pages - number * self.chunk_pages, self.chunk_pages)
            if not chunk or pages < 2:
                continue
            content = self.read(chunk + page_bytes, (pages - 1) * page_bytes)
            for offset in range(0, len(content), self.slot_bytes):
                words = struct.unpack_from("<8Q", content, offset)
                if words[0]:
                    yield chunk + page_bytes + offset, words

    def slot(self, address):
        return self.words(address, 8)

    def text(self, site, part):
        return self.string(site + self.site_layout[part])

    def string(self, address):
        pointer, length = self.words(address, 2)
        return self.read(pointer, length).decode("utf-8", "replace") if length else ""

    def frames(self, address, words):
        """What a task waits in: (depth, text), outermost first; only counted where there is no room."""
        identity = words[0]
        chunk_bytes = self.chunk_pages * self.page_slots * self.slot_bytes
        chunk = address - address % chunk_bytes
        area = self.words(chunk + self.frames_in_chunk, 1)[0]
        if not area:
            return
        place = (address - chunk) // self.slot_bytes
        header, *entries = self.words(area + place * self.frames_stride, 1 + self.frames_room)
        if header >> 32 != identity & 0xFFFFFFFF:
            header = 0
        indices = [n for n in range(1, self.frames_room + 1) if header >> n & 1]
        used = {n: (entries[n - 1] & ~63, entries[n - 1] & 63) for n in indices}
        outer, sites = self.entered(address, words)
        for index, site in enumerate(sites, 64):
            used[index], outer = (site, outer), index
        yield from self.frames_in(used, 0, 0)
        if header >> 16 & 0xFFFF:
            yield 0, "and %d more" % (header >> 16 & 0xFFFF)

    def entered(self, address, words):
        """What a running task has entered and not recorded: the index of the frame around, and the sites."""
        shadow = self.shadow(words)
        if not shadow:
            return 0, []
        cursor_at, levels_at = self.positions[1:]
        cursor = self.words(shadow + cursor_at, 1)[0]
        entries = self.words(shadow + levels_at, cursor & 0x7F)
        while True:
            slot, outer, sites = cursor >> 7 & 0xFFFFFFFFFFC0, cursor >> 8 & 15, []
            while entries and entries[-1] & 63 != 63:
                sites.insert(0, entries[-1] & 0xFFFFFFFFFFFF)
                entries = entries[:-1]
            if slot == address:
                recorded = [n for n, site in enumerate(sites) if site & 63]
                if recorded:
                    outer, sites = sites[recorded[-1]] & 63, sites[recorded[-1] + 1 :]
                return outer, sites
            if not entries:
                return 0, []
            cursor, entries = entries[-1], entries[:-1]

    def shadow(self, words):
        """The shadow stack of the thread that runs the task, or null."""
        thread = words[1] >> 8 & 0xFFFFF
        if words[1] & 0xFF != RUNNING or not thread:
            return 0
        block = self.words(self.blocks + 8 * (thread - 1), 1)[0]
        return self.words(block + self.positions[0], 1)[0]

    def frames_in(self, used, outer, depth, kept=False):
        for index in [n for n, (_, around) in used.items() if around == outer]:
            site, _ = used.pop(index, (None, None))
            if site is None:
                continue
            if site:
                yield depth, self.frame(site) + " (kept, not polled)" * kept
            yield from self.frames_in(used, index, depth + bool(site), not site)

    def frame(self, site):
        file, line, column, function, awaited = self.frame_layout
        text = lambda offset: self.string(site + offset)
        numbers = tuple(self.words(site + offset, 1, "I")[0] for offset in (line, column))
        where = "in %s at %s:%d:%d" % ((text(function), text(file)) + numbers)
        return where + (", awaiting " + text(awaited) if text(awaited) else "")

    def is_pool_thread(self, words):
        """Whether a pool keeps the thread: it awaits nothing itself."""
        kind = self.read(words[2] + self.site_layout[7], 1)[0]
        return bool(words[6] & POOLED) and kind in THREADS

    def role(self, words):
        return self.text(words[2], 6)

    def site(self, words):
        line, column = (self.words(words[2] + self.site_layout[n], 1, "I")[0] for n in (1, 2))
        file = self.text(words[2], 0)
        return "%s:%d:%d" % (file, line, column) if file else ""

    def given(self, words):
        """The name and the labels of a name node, None for what it leaves to the one above; and its task's locals."""
        name, labels, local = (words[6] >> shift & 0xFFFF for shift in (16, 32, 48))
        flags = words[6]
        # The values of locals are in the place of the first word of text.
        content, part = struct.pack("<2Q", words[1], words[2])[8 if flags & LOCALS else 0 :], words[4]
        while len(content) < name + labels + local and part:
            words = self.slot(part)
            content, part = content + struct.pack("<6Q", *words[1:7]), words[7]
        return (
            None if flags & NAMELESS else content[:name].decode("utf-8", "replace"),
            pairs(content[name : name + labels]) if flags & LABELED else None,
            pairs(content[name + labels :][:local]),
        )

    def own(self, address, words):
        """The name and the labels of a task, perhaps for one call of it only."""
        names = [self.slot(words[4] & ~1)] if words[5] & NAMED else []
        thread = words[1] >> 8 & 0xFFFFF
        if words[6] & CALLED and words[1] & 0xFF == RUNNING and thread:
            block = self.words(self.blocks + 8 * (thread - 1), 1)[0]
            shown = self.words(block + self.names_in_block, self.names_room)
            names += [self.slot(name) for name in shown if name]
        own = [name for name in names if name[0] & NAME_BIT and name[3] == address]
        return self.given(own[-1]) if own else (None, None, "")

    def line(self, words):
        """The ancestors: (id, role, name and labels under which it spawned)."""
        above = words[3]
        while above:
            node, given = self.slot(above), (None, None, "")
            if node[0] & NAME_BIT:
                given, node = self.given(node), self.slot(node[3])
            yield node[0], self.role(node), given
            above = node[3]


class Birthmark(gdb.Command):
    """List the tasks that birthmark has recorded, with names, states and lineage.

birthmark                           all tasks

The command `birthmark`, which must be in PATH, does the rest:

birthmark FILTER                    the tasks that a filter selects
birthmark ps|tree|groups [FILTER]   in this form
birthmark stuck|resources [FILTER]  what cannot go on, and what tasks share
birthmark sites|threads             spawn calls, OS threads
birthmark task ID                   one task
birthmark thread-of ID              the thread that runs a task
birthmark where                     the task of the selected thread"""

    def __init__(self):
        super().__init__("birthmark", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        if argument:
            print(by_word(shlex.split(argument)).rstrip("\n"))
            return
        registry = find_registry()
        if not registry or registry.is_large() and shutil.which("birthmark"):
            print(by_command(["ps"]).rstrip("\n"))
            return
        tasks = [(words[0], address, words) for address, words in registry.slots()]
        for identity, address, words in sorted(tasks):
            if not identity & NAME_BIT and words[1] & 0xFF < 3:
                print(describe(registry, address, words))
                if registry.is_pool_thread(words) and any(registry.frames(address, words)):
                    print("    polled here, in futures without a record:")
                for depth, frame in registry.frames(address, words):
                    print("    " + "  " * depth + frame)


def find_registry():
    """The registry, or nothing if the program has no symbols. The command needs none."""
    try:
        return Registry()
    except gdb.error:
        return None


def by_word(arguments):
    """What the first argument asks for."""
    word, rest = arguments[0], arguments[1:]
    if word == "help":
        return Birthmark.__doc__
    if word == "where":
        return where()
    if word in ("task", "thread-of"):
        if len(rest) != 1 or not rest[0].isdigit():
            raise gdb.GdbError("no task is given: birthmark %s ID" % word)
        return task(rest[0]) if word == "task" else thread_of(rest[0])
    return by_command(["ps"] + arguments if "=" in word else arguments)


def task(identity):
    """The paragraph of one task."""
    for paragraph in by_command(["ps", "under=" + identity]).split("\n\n"):
        if paragraph.startswith("task %s " % identity):
            return paragraph
    raise gdb.GdbError("there is no task " + identity)


def threads():
    """The OS threads: their ids, the tasks that they run, and their lines."""
    for line in by_command(["threads"]).splitlines():
        found = re.match(r"thread (\d+) ", line)
        if found:
            yield int(found.group(1)), re.findall(r"running task (\d+)", line), line


def thread_of(identity):
    for _, tasks, line in threads():
        if identity in tasks:
            return line
    raise gdb.GdbError("no thread runs task " + identity)


def where():
    selected = gdb.selected_thread()
    if not selected:
        raise gdb.GdbError("no thread is selected")
    for thread, tasks, line in threads():
        if thread in selected.ptid:
            return "\n\n".join(map(task, tasks)) if tasks else line
    raise gdb.GdbError("thread %d has no record" % selected.ptid[1])


def by_command(arguments):
    """The output of the command `birthmark` for the process or core file that gdb has open."""
    told = gdb.execute("info files", to_string=True)
    core = re.search("core dump file:\\s+[`']([^']+)'", told)
    if core:
        executable = gdb.current_progspace().filename
        target = ["--core", core.group(1)] + (["--exe", executable] if executable else [])
    elif gdb.selected_inferior().pid:
        target = [str(gdb.selected_inferior().pid)]
    else:
        raise gdb.GdbError("no process is running, and no core file is open")
    command, rest = arguments[0], arguments[1:]
    try:
        done = subprocess.run(
            ["birthmark", command, *target, *rest], capture_output=True, text=True
        )
    except FileNotFoundError:
        raise gdb.GdbError("birthmark is not in PATH: run `cargo install birthmark-cli`")
    if done.returncode not in (0, 3):
        raise gdb.GdbError(done.stderr.strip())
    gdb.write(done.stderr, gdb.STDERR)
    return done.stdout


def state(words):
    """A task that is suspended and was never polled has only been created."""
    return words[1] & 0xFF or (CREATED if not words[6] >> 16 else 0)


def describe(registry, address, words):
    line = list(registry.line(words))
    given = [registry.own(address, words)] + [given for _, _, given in line]
    name = next((name for name, _, _ in given if name is not None), "")
    labels = next((labels for _, labels, _ in given if labels is not None), "")
    local = given[0][2]
    age = (registry.now - (words[1] >> 32)) * registry.tick_millis / 1000
    ancestors = " < ".join("%d %s" % (identity, who(role, name)) for identity, role, (name, _, _) in line)
    return "task %d %s [%s, %.1f s] %s%s%s%s" % (
        words[0],
        who(registry.role(words), name),
        STATES[state(words)],
        max(age, 0),
        registry.site(words),
        "\n    labels %s" % labels if labels else "",
        "\n    task locals %s" % local if local else "",
        "\n    lineage %s" % ancestors if ancestors else "",
    )


def who(role, name):
    """As Python writes strings: with whatever could move the cursor escaped."""
    return "%s %s" % (ascii(name), role) if name else role


def pairs(encoded):
    """Labels, as runtime-shim/src/context/label/set.rs encodes them: `shard=7 tenant='acme & sons'`."""
    shown = []
    while len(encoded) > 1 and encoded[0]:
        (key, value), texts = encoded[:2], encoded[2:]
        lengths, parts = (key & 0x7F, value & 0x7F), []
        for length, cut in zip(lengths, (key & 0x80, value & 0x80)):
            text, texts = texts[:length].decode("utf-8", "replace"), texts[length:]
            if cut and not length:  # a local that is not shown
                continue
            plain = not cut and re.fullmatch(r"[\w./:@-]+", text, re.ASCII)
            parts.append(text if plain else ascii(text + "..." * bool(cut)))
        shown.append("=".join(parts))
        encoded = texts
    return " ".join(shown + ["..."] * bool(encoded))


Birthmark()
