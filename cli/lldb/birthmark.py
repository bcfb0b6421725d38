"""birthmark's tasks in lldb, of a live process or a core file, without running code in it.

    (lldb) command script import birthmark.py
    (lldb) birthmark
    (lldb) birthmark groups state=suspended
    (lldb) birthmark where

The command `birthmark` of the crate birthmark-cli does the work and must be in PATH.
"""

import re
import shlex
import subprocess

import lldb

HELP = """List the tasks that birthmark has recorded, with names, states and lineage.

birthmark [FILTER]                   all tasks, or those that a filter selects
birthmark ps|tree|groups [FILTER]    in this form
birthmark stuck|resources [FILTER]   what cannot go on, and what tasks share
birthmark sites|threads              spawn calls, OS threads
birthmark task ID                    one task
birthmark thread-of ID               the thread that runs a task
birthmark where                      the task of the selected thread

Of a core file, lldb before version 18 does not tell the path: add `--core FILE`."""

FORMS = ("ps", "tree", "groups", "stuck", "resources")
OTHERS = ("sites", "threads", "dump")


class Failure(Exception):
    """A text for the user."""


def birthmark(debugger, arguments, result, _internal):
    try:
        shown = show(debugger.GetSelectedTarget().GetProcess(), shlex.split(arguments))
        result.AppendMessage(shown.rstrip("\n"))
    except (Failure, ValueError) as failure:
        result.SetError(str(failure))


def show(process, arguments):
    command, rest = (arguments[0], arguments[1:]) if arguments else ("ps", [])
    if command == "help":
        return HELP
    if command == "where":
        return where(process, rest)
    if command in ("task", "thread-of"):
        if not rest or not rest[0].isdigit():
            raise Failure("no task is given: birthmark %s ID" % command)
        of = task if command == "task" else thread_of
        return of(process, rest[0], rest[1:])
    if command not in FORMS + OTHERS:
        command, rest = "ps", arguments
    return by_command(process, command, rest)


def task(process, identity, rest):
    """The paragraph of one task."""
    shown = by_command(process, "ps", ["under=" + identity] + rest)
    for paragraph in shown.split("\n\n"):
        if paragraph.startswith("task %s " % identity):
            return paragraph
    raise Failure("there is no task %s" % identity)


def threads(process, rest):
    """The OS threads: their lines, and the tasks that they run."""
    for line in by_command(process, "threads", rest).splitlines():
        found = re.match(r"thread (\d+) ", line)
        if found:
            tasks = re.findall(r"running task (\d+)", line)
            yield int(found.group(1)), tasks, line


def thread_of(process, identity, rest):
    for _, tasks, line in threads(process, rest):
        if identity in tasks:
            return line
    raise Failure("no thread runs task %s" % identity)


def where(process, rest):
    selected = process.GetSelectedThread().GetThreadID()
    for thread, tasks, line in threads(process, rest):
        if thread == selected:
            if not tasks:
                return line
            return "\n\n".join(task(process, identity, rest) for identity in tasks)
    raise Failure("thread %d has no record" % selected)


def by_command(process, command, rest):
    """The output of the command `birthmark` for the process or core file that lldb has open."""
    if "--core" in rest:
        target = []
    elif not process or not process.IsValid():
        raise Failure("no process is running, and no core file is open")
    elif process.GetPluginName() == "elf-core":
        core = process.GetCoreFile() if hasattr(process, "GetCoreFile") else None
        if not core:
            raise Failure("this lldb does not tell the path of the core file: add `--core FILE`")
        target = ["--core", str(core)]
    else:
        target = [str(process.GetProcessID())]
    try:
        done = subprocess.run(
            ["birthmark", command, *target, *rest], capture_output=True, text=True
        )
    except FileNotFoundError:
        raise Failure("birthmark is not in PATH: run `cargo install birthmark-cli`")
    if done.returncode not in (0, 3):
        raise Failure(done.stderr.strip())
    return done.stdout


def __lldb_init_module(debugger, _):
    command = "command script add -h %s -f %s.birthmark birthmark"
    debugger.HandleCommand(command % (shlex.quote("List the tasks of birthmark; birthmark help tells more"), __name__))
