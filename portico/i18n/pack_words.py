"""What the README of a pack of documents says. {file} is a name within the pack; the rest of a line explains it."""

from portico.i18n.catalog import N_, Message

TITLE = N_("Documents of {period}")
FROM_TO = N_("{store} issued these documents to {buyer}. Days are those of {zone}.")
COUNT = N_("Number of documents: {count}")
FILES: dict[str, Message] = {
    "pdf/": N_("{file}: every document as it was issued, as a PDF"),
    "xml/": N_("{file}: the same invoices and credit notes as e-invoices, for accounting software, in two formats (CII and UBL)"),
    "documents.csv": N_("{file}: a table of all documents, for spreadsheets and accounting software"),
    "SHA256SUMS": N_("{file}: checksums that show whether a file has been changed"),
}
AMOUNTS = N_("Amounts are as printed. A credit note reduces what was invoiced. A receipt confirms a payment and is not an invoice.")
MISSING = N_("These files couldn’t be made yet, so they are missing here. Please download them one by one later:")
TEST = N_("These documents are from the test environment. They are not valid.")
