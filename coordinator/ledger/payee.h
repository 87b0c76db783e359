#pragma once
/// Where a party's money is sent. Pure values: outside the coordinator's memory they exist only
/// sealed (coordinator/vault) and, for the bank, in the file of a batch. Never logged.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/model/currency.h"
#include "shared/util/result.h"

namespace gleaner::ledger {

enum class PayoutMethod : std::uint8_t { bank, alipay, wechat };
[[nodiscard]] std::string_view to_string(PayoutMethod method);
[[nodiscard]] std::optional<PayoutMethod> parse_payout_method(std::string_view text);

struct Payee {
    PayoutMethod method = PayoutMethod::bank;
    std::string holder;  ///< the account holder's real name
    std::string number;  ///< bank: the account's; Alipay: the login; WeChat: the OpenID or number
    std::string bank;    ///< bank only
    std::string branch;  ///< bank only; may be empty
    friend bool operator==(const Payee&, const Payee&) = default;
};

/// The number without the spaces and hyphens that people write into bank accounts.
[[nodiscard]] Payee normalised(Payee payee);

/// Errors: invalid_argument with a sentence for a field that is missing, too long or malformed, or
/// that a spreadsheet would take for a formula. Says no field's content.
[[nodiscard]] Status check(const Payee& payee);

/// Alipay and WeChat pay in CNY only.
[[nodiscard]] bool pays_in(PayoutMethod method, Currency currency);

/// All that is ever shown of a number: "****6789", "****@example.com".
[[nodiscard]] std::string masked(const Payee& payee);

/// One text to be sealed, and back. The fields of a checked payee have no line breaks.
[[nodiscard]] std::string to_text(const Payee& payee);
[[nodiscard]] Result<Payee> parse_payee(std::string_view text);

}  // namespace gleaner::ledger
