"""What the mail with a document says, to the buyer and to who else gets a copy. {number} is the document's, {buyer} an email address."""

from portico.domain.invoice import DocumentKind
from portico.i18n.catalog import N_, Message

SUBJECTS: dict[DocumentKind, Message] = {
    "invoice": N_("Invoice {number} from {store}"),
    "receipt": N_("Receipt {number} from {store}"),
    "credit_note": N_("Credit note {number} from {store}"),
}
SUBJECT_OF_SEVERAL = N_("Documents from {store}: {numbers}")
HEADING_OF_SEVERAL = N_("Documents from {store}")

# To the buyer, to one of the copy addresses, and there with several documents at once.
OWN = N_("Here is the copy you asked for, as a PDF file.")
COPY = N_("{buyer} asked us to send you this copy, as a PDF file.")
COPIES = N_("{buyer} asked us to send you these copies, as PDF files.")
EINVOICE = N_("Files ending in .xml are e-invoices, for accounting software.")

NUMBERS: dict[DocumentKind, Message] = {
    "invoice": N_("Invoice number"),
    "receipt": N_("Receipt number"),
    "credit_note": N_("Credit note number"),
}
ISSUED = N_("Date of issue")
REFERS_TO = N_("Refers to")
TOTAL = N_("Total")
BUTTONS: dict[DocumentKind, Message] = {
    "invoice": N_("View invoice"),
    "receipt": N_("View receipt"),
    "credit_note": N_("View credit note"),
}
