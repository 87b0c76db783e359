#pragma once
/// A paper as one page of HTML for screens and printers: no script, nothing from outside, every
/// text escaped.

#include <string>
#include <string_view>

#include "coordinator/documents/paper.h"
#include "shared/util/result.h"

namespace gleaner::documents {

/// Errors: too_large beyond paper_rows_max.
[[nodiscard]] Result<std::string> to_html(const Paper& paper);

/// `text` as HTML shows it, also within a quoted attribute.
[[nodiscard]] std::string escape_html(std::string_view text);

/// The refusal of a paper with too many rows, for every form that is typeset.
[[nodiscard]] Status check_size(const Paper& paper);

}  // namespace gleaner::documents
