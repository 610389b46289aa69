"""What is done for each kind of job. A handler may run more than once; what it writes, it writes once."""

from collections.abc import Mapping

from portico.jobs import buyer_jobs, document_jobs, housekeeping, payment_jobs
from portico.jobs.running import Handler, Permanent, RunningJob
from portico.mail.transport import PermanentMailFailure
from portico.services import (
    card_visit,
    charging,
    document_file,
    document_mail,
    notice,
    notice_mail,
    pack,
    refund,
    refund_at_provider,
    sign_in,
    sign_in_mail,
    surplus,
    tax_id_check,
    webhook_dispatch,
    webhook_in,
    webhook_send,
)
from portico.services.runtime import Runtime


def send_sign_in_mail(runtime: Runtime, job: RunningJob) -> None:
    """Each try mints a new link and code, so a mail that was sent twice holds one that works: the later."""
    try:
        sign_in_mail.send(runtime, **job.arguments)
    except PermanentMailFailure as failure:
        raise Permanent(str(failure)) from failure


def send_notice_mail(runtime: Runtime, job: RunningJob) -> None:
    """A mail that was sent twice has one Message-ID, so that mail programs show one."""
    try:
        notice_mail.send(runtime, **job.arguments)
    except PermanentMailFailure as failure:
        raise Permanent(str(failure)) from failure


def send_document_mail(runtime: Runtime, job: RunningJob) -> None:
    """Like a notice; it waits for a file that cannot be made yet."""
    try:
        document_mail.deliver(runtime, **job.arguments)
    except PermanentMailFailure as failure:
        raise Permanent(str(failure)) from failure


def look_up_tax_id(runtime: Runtime, job: RunningJob) -> None:
    """The register's answer, or the next try, and the end of the job are one commit."""
    tax_id_check.look(runtime, job.arguments["check_id"], ending=job.finish)


def send_webhook(runtime: Runtime, job: RunningJob) -> None:
    """What became of the attempt, the job of the next one and the end of this are one commit."""
    webhook_send.attempt(runtime, **job.arguments, ending=job.finish)


HANDLERS: Mapping[str, Handler] = {
    sign_in.MAIL_JOB: send_sign_in_mail,
    notice.JOB: send_notice_mail,
    document_mail.JOB: send_document_mail,
    charging.JOB: payment_jobs.charge,
    surplus.JOB: payment_jobs.return_surplus,
    webhook_dispatch.JOB: send_webhook,
    webhook_in.JOB: payment_jobs.look_for_subject,
    refund.JOB: buyer_jobs.give_back,
    refund_at_provider.JOB: payment_jobs.look_for_refunds,
    card_visit.JOB: buyer_jobs.look_for_card,
    document_file.JOB: document_jobs.make_file,
    pack.JOB: document_jobs.make_pack,
    tax_id_check.JOB: look_up_tax_id,
    housekeeping.KIND: housekeeping.run,
}
