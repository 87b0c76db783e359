#pragma once
/// Invoices and tax data as the admin API shows and reads them.

#include <boost/json/object.hpp>

#include "coordinator/api/admin/json_body.h"
#include "coordinator/ledger/invoice.h"

namespace gleaner::admin {

[[nodiscard]] boost::json::object to_json(const ledger::Buyer& buyer);
[[nodiscard]] boost::json::object to_json(const ledger::Invoice& invoice);
/// One fapiao's data, with the tax system's Chinese words for their values: exported, not issued.
[[nodiscard]] boost::json::object fapiao_json(const ledger::Invoice& invoice);

/// Reads the whole body. Errors: invalid_argument.
[[nodiscard]] Result<ledger::Buyer> buyer_from(JsonBody& body);

}  // namespace gleaner::admin
