"""The papers of a month: every file of its folder, as bytes."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from settlement.run.computing import Computed
from settlement.run.ledger import Approval
from settlement.run.receipt import receipt
from settlement.run.workspace import RECEIPT

Paper = TypeVar("Paper")

MANY_WORKBOOKS = 40
"""From here on workbooks are written by several processes: below, starting them takes longer than it saves."""


def papers(
    computed: Computed, approvals: Sequence[Approval] = (), made_with: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Every file of the month's folder, by path in it: statements, lines, returned files, answers to messages, account talks
    at a quarter's end, alerts, payment advice and the receipt."""
    from settlement.alerts.page import render_alerts
    from settlement.alerts.workbook import write_alerts
    from settlement.statements.payments import payment_advice

    files: dict[str, bytes] = {**computed.line_files, **computed.returned.files, **computed.answers}
    for one, content in zip(computed.statements, _workbooks(computed), strict=True):
        files[f"statements/{one.number}.xlsx"] = content
    files |= _talks(computed)
    alerts = computed.settlement.alerts
    files["alerts.xlsx"] = write_alerts(alerts, computed.summary)
    files["alerts.html"] = render_alerts(alerts, computed.summary).encode()
    files["payments.csv"] = payment_advice(computed.payments)
    files[RECEIPT] = receipt(computed, files, approvals, made_with)
    return files


def _workbooks(computed: Computed) -> list[bytes]:
    """The workbook of each statement, in order. They take most of a run's time, and none looks at another."""
    from settlement.statements.workbook import write_statement

    return _written(functools.partial(write_statement, logo=computed.logo), computed.statements)


def _talks(computed: Computed) -> dict[str, bytes]:
    """The page and the workbook of each provider's account talk, by path; none but for a quarter's last month."""
    from settlement.talks.compose import compose_talks
    from settlement.talks.page import render_talk
    from settlement.talks.workbook import write_talk

    suffix = computed.folder.removeprefix(str(computed.period)).replace("-correctie-", "-C")
    talks = compose_talks(computed.settlement, computed.statements, computed.summary, suffix)
    files = {f"talks/{one.number}.html": render_talk(one).encode() for one in talks}
    return files | {
        f"talks/{one.number}.xlsx": content for one, content in zip(talks, _written(write_talk, talks), strict=True)
    }


def _written(write: Callable[[Paper], bytes], papers: Sequence[Paper]) -> list[bytes]:
    """What is written of each, in order."""
    import multiprocessing
    import os
    from concurrent.futures import ProcessPoolExecutor

    if len(papers) < MANY_WORKBOOKS or (os.cpu_count() or 1) < 2:
        return [write(one) for one in papers]
    # Started afresh: a copy of this process would hold locks of the threads that polars runs here.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, 8), mp_context=context, initializer=_begin_worker, initargs=(tempfile.gettempdir(),)
    ) as pool:
        with _deaf_to_ctrl_c():  # as are the workers, which are started here
            written = pool.map(write, papers, chunksize=4)
        return list(written)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Keeps Ctrl-C waiting. Processes that are started meanwhile do not hear it from their first moment on, as they would while
    they are still finding their own first words."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker(room: str) -> None:
    """A worker leaves Ctrl-C to the command that started it, and ends when that is killed: nobody else would end it."""
    import multiprocessing
    import os
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = room
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
