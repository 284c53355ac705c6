"""The house rules a linter cannot say, each as one test that names file and line; it imports nothing of ours."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("bot", "handlers", "locales", "models", "schedules")
NOT_OURS = {".git", ".hypothesis", ".venv", "data"}  # at the root only
LONGEST = 400
LONGER: dict[str, str] = {}  # file: why it must be longer
FEATURE_FILES = {"__init__", "rules", "tables", "actions"}
MORE_VERBS = {  # with these, actions.py would pass 400 lines
    "models/people/roster.py",  # what officers do with the roster
    "models/people/load.py",  # what a roster file does with it
    "models/hazard/holding.py",  # who holds a case
    "models/hazard/fixing.py",  # what its rectifier does
    "models/hazard/closing.py",  # 销号 and what follows
    "models/hazard/views.py",  # what a card shows
    "models/hazard/finding.py",  # which cases a place or a picture leads to
    "models/hazard/likeness.py",  # what may be the same
    "models/hazard/cluster.py",  # several of one kind at once
    "models/hazard/figures.py",  # numbers of a month
    "models/hazard/register.py",  # lists
    "models/hazard/search.py",  # what is found by words
    "models/hazard/story.py",  # what happened, in its order
    "models/hazard/dossier.py",  # everything about one case, for a file that leaves us
    "models/hazard/ledger.py",  # a line for every case
    "models/hazard/rewards.py",  # the register of rewards
    "models/report/intake.py",  # parts, drafts and patrols
    "models/report/views.py",  # what a screen shows
    "models/report/photos.py",  # photos as files
    "models/report/marks.py",  # what is said before sending
    "models/report/zero.py",  # that nothing was found
}
IN_MEMORY = {"user_data", "chat_data", "bot_data", "ConversationHandler", "JobQueue", "PicklePersistence"}
POLLING = {"Updater", "run_polling", "start_polling", "run_webhook", "start_webhook"}
OFFICIAL_NAMES = {"models/people/rules.py"}  # how the names of divisions end is a fact of the field, not our wording
OWN_NAMES = ("中文", "语言")  # who cannot read a language must still find the way out of it
CHINESE = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
VAGUE = re.compile(r"(Manager|Service|Helper|Utils?)$")
CLOCKS = r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns)|func\.(now|current_timestamp))$"
STARTING = r"(\.commit|(^|\.)(create_task|ensure_future|run_coroutine_threadsafe))$"


@cache
def texts() -> dict[str, str]:
    """Every readable file of the tree by its place; this one is left out, since it spells what it forbids."""
    found = {}
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if (
            parts[0] in NOT_OURS
            or any(part.endswith(("_cache", "__pycache__")) for part in parts)
            or not path.is_file()
        ):
            continue
        try:
            found["/".join(parts)] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture, or a roster in GB18030
    del found["tests/test_layout.py"]
    return found


def modules(*folders: str) -> list[str]:
    """The places of all Python files under the folders."""
    return [file for file in texts() if file.endswith(".py") and file.startswith(tuple(f"{name}/" for name in folders))]


@cache
def nodes(file: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(texts()[file], filename=file)))


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or an attribute; what is computed on the way is left out."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(pattern: str, *folders: str) -> list[str]:
    """Where something is called whose dotted name matches."""
    return [
        f"{file}:{node.lineno}"
        for file in modules(*folders)
        for node in nodes(file)
        if isinstance(node, ast.Call) and re.search(pattern, dotted(node.func))
    ]


def names(file: str) -> Iterator[tuple[int, str]]:
    """Every identifier a file uses, with its line: names, attributes, imported names and keyword arguments."""
    for node in nodes(file):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.ImportFrom(names=imported) | ast.Import(names=imported):
                yield from ((node.lineno, part) for alias in imported for part in alias.name.split("."))


def imports(*folders: str) -> Iterator[tuple[str, str, set[str]]]:
    """(place, module, names taken from it) of every import; a plain `import x` takes {"*"}."""
    for file in modules(*folders):
        for node in nodes(file):
            if isinstance(node, ast.ImportFrom):
                yield f"{file}:{node.lineno}", node.module or "", {alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                yield from ((f"{file}:{node.lineno}", alias.name, {"*"}) for alias in node.names)


def lines(pattern: str, files: list[str]) -> list[str]:
    """Where a line matches."""
    mark = re.compile(pattern)
    return [
        f"{file}:{n}" for file in files for n, line in enumerate(texts()[file].splitlines(), 1) if mark.search(line)
    ]


def test_only_the_clock_reads_the_time() -> None:
    """Time is an argument below bot/; the database's own clock (`func.now`) is a clock too."""
    taken = [
        place for place, module, what in imports(*OURS, "tests") if module == "time" and what & {"time", "time_ns"}
    ]
    found = calls(CLOCKS, *OURS, "tests") + taken
    assert [place for place in found if not place.startswith("bot/clock.py:")] == []


def test_only_bot_commits_and_starts_tasks() -> None:
    """One transaction an update, one owner of every task: what an action commits cannot be rolled back with it."""
    assert calls(STARTING, "handlers", "locales", "models", "schedules") == []


def test_nothing_is_kept_in_process_memory() -> None:
    """What only one process knows dies with it: none of python-telegram-bot's state, jobs, persistence or polling."""
    banned = IN_MEMORY | POLLING
    found = [f"{file}:{n} {name}" for file in modules(*OURS, "tests") for n, name in names(file) if name in banned]
    assert found == []


def test_code_speaks_through_the_catalogues() -> None:
    """No Chinese in the code of handlers, schedules and models; docstrings and comments may quote the field."""
    found = []
    for file in set(modules("handlers", "schedules", "models")) - OFFICIAL_NAMES:
        quoted = {id(node.value) for node in nodes(file) if isinstance(node, ast.Expr)}
        written = [node for node in nodes(file) if isinstance(node, ast.Constant) and id(node) not in quoted]
        spoken = [(node.lineno, re.sub("|".join(OWN_NAMES), "", str(node.value))) for node in written]
        found += [f"{file}:{line}" for line, text in spoken if CHINESE.search(text)]
    assert found == []


def test_a_feature_has_the_same_files_everywhere() -> None:
    """models/<feature>/ holds rules, tables and actions; an `__init__` with code would drag tables into rules."""
    inside = [file for file in modules("models") if file.count("/") > 1 and not file.startswith("models/migrations/")]
    odd = [file for file in inside if file.count("/") > 2 or Path(file).stem not in FEATURE_FILES]
    odd = [file for file in odd if file not in MORE_VERBS]
    starts = [file for file in inside if file.endswith("/__init__.py")]
    busy = [file for file in starts if any(not isinstance(node, ast.Expr) for node in ast.parse(texts()[file]).body)]
    assert odd + busy == []


def test_a_feature_is_one_word() -> None:
    """One word a feature, the same in every folder, so that `git ls-files | grep report` shows all of it."""
    word = re.compile(r"(handlers|schedules)/([a-z]+/)?([a-z]+|__init__)\.py")  # a big feature is a folder
    assert [file for file in modules("handlers", "schedules") if not word.fullmatch(file)] == []


def test_rows_are_reached_only_through_actions() -> None:
    """Of the database layer handlers and schedules may name the session's type, and nothing that reads with it."""
    of_sqlmodel = [found for found in imports("handlers", "schedules") if found[1].split(".")[0] == "sqlmodel"]
    assert [place for place, _module, what in of_sqlmodel if what != {"AsyncSession"}] == []


def test_every_module_says_what_it_is_for() -> None:
    files = [file for file in modules(*OURS, "tests") if texts()[file].strip()]
    assert [file for file in files if not ast.get_docstring(ast.parse(texts()[file]))] == []


def test_files_stay_short() -> None:
    """Migrations are left out: each is one day's schema, written once and never changed."""
    kept = {file: text for file, text in texts().items() if not file.startswith("models/migrations/versions/")}
    counted = {file: text.count("\n") for file, text in kept.items() if file.endswith((".py", ".js"))}
    assert {file: count for file, count in counted.items() if count > LONGEST and file not in LONGER} == {}


def test_names_say_what_a_thing_is() -> None:
    """The field's own terms: a Manager, a Service or a Helper could be anything."""
    found = [file for file in modules(*OURS) if VAGUE.search(Path(file).stem.title())]
    for file in modules(*OURS):
        classes = [node for node in nodes(file) if isinstance(node, ast.ClassDef)]
        found += [f"{file}:{node.lineno}" for node in classes if VAGUE.search(node.name)]
    assert found == []


def test_every_exception_to_ruff_gives_its_reason() -> None:
    """`# noqa: CODE` alone hides why; mypy's own ignores must name their code, which mypy sees to."""
    assert lines(r"#\s*noqa(:[A-Z0-9, ]*)?[\s#-]*$", modules(*OURS, "tests")) == []


def test_nothing_is_left_for_later() -> None:
    assert lines(r"\b(TODO|FIXME|XXX|HACK)\b", list(texts())) == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    assert lines(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/", list(texts())) == []


def test_locks_and_tools_bind_nobody_to_an_address() -> None:
    """Packages come from whatever index the machine's own pip knows."""
    locks = ["requirements.txt", "requirements-dev.txt"]
    tools = ["Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", ".ci/run"]
    asking = r"--(extra-)?index-url|--find-links|PIP_INDEX_URL|--trusted-host"
    assert lines("://", locks) + lines(asking, locks + tools) == []
