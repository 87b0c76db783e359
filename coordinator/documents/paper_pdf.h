#pragma once
/// A paper typeset on A4 pages: Pango shapes the text, Cairo writes the PDF. Takes processor time
/// (a page some milliseconds): call it where blocking is allowed. Thread-safe.

#include <string>

#include "coordinator/documents/paper.h"
#include "shared/util/result.h"

namespace gleaner::documents {

/// The same paper gives the same bytes with the same fonts. Errors: too_large beyond
/// paper_rows_max; failed_precondition when this machine has no font for the paper's language;
/// internal when Cairo fails.
[[nodiscard]] Result<std::string> to_pdf(const Paper& paper);

}  // namespace gleaner::documents
