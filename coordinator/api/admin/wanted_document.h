#pragma once
/// What a request for a document asks for besides the thing itself: its form, language, currency
/// and period. Internal to coordinator/api/admin.

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/api/admin/call.h"
#include "coordinator/documents/paper.h"
#include "shared/model/currency.h"
#include "shared/util/clock.h"
#include "shared/util/result.h"

namespace gleaner::admin {

enum class Form : std::uint8_t { json, csv, html, pdf };

/// `format=`: json when there is none. Errors: invalid_argument, naming the forms there are.
[[nodiscard]] Result<Form> form_of(const Call& call);
/// `lang=`: English when there is none.
[[nodiscard]] Result<documents::Language> language_of(const Call& call);

struct Period {
    WallTime from;
    WallTime to;
};
/// `month=`, or `from=` and `to=`; without them all until `now`, which is included.
[[nodiscard]] Result<Period> period_of(const Call& call, WallTime now);

/// `after=`: a row's id, 0 when there is none; `limit=`: 1 to 1000, 100 when there is none.
struct PageWanted {
    std::int64_t after = 0;
    std::int64_t limit = 100;
};
[[nodiscard]] Result<PageWanted> page_of(const Call& call);

/// "gleaner-NAME.pdf" with nothing in it that a header or a file system minds. JSON has none.
[[nodiscard]] std::string file_name(const std::string& name, Form form);
[[nodiscard]] std::string content_type(Form form);

/// The paper in that form, which is html or pdf. Takes processor time.
[[nodiscard]] Result<Document> set_paper(const documents::Paper& paper, const std::string& name,
                                         Form form);

}  // namespace gleaner::admin
