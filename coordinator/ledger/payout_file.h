#pragma once
/// The file of a batch of payouts, as banks, Alipay and WeChat take them: CSV in UTF-8. The same
/// lines always give the same bytes. Pure.
///
/// A line's serial is the payout's own id: a bank that gets the file twice sees each serial twice.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "coordinator/ledger/payee.h"
#include "shared/model/currency.h"
#include "shared/model/money.h"

namespace gleaner::ledger {

/// What Alipay takes in one file; banks take more.
inline constexpr std::size_t payout_file_lines_max = 3'000;

struct PayoutFileLine {
    std::string payout;  ///< its id
    Payee payee;
    Money amount;
};

struct PayoutFile {
    std::int64_t batch = 0;
    std::int64_t day = 0;  ///< on which the batch was made (since 1970, in Shanghai)
    PayoutMethod method = PayoutMethod::bank;
    Currency currency = Currency::cny;
    Money total;              ///< of the lines (checked)
    std::string payer_login;  ///< the platform's own Alipay account; other methods ask for none
    std::string payer_name;
};

/// Lines are of the file's method, above zero and at most payout_file_lines_max (checked).
[[nodiscard]] std::string payout_file_text(const PayoutFile& file,
                                           std::span<const PayoutFileLine> lines);

}  // namespace gleaner::ledger
