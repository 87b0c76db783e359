#include "coordinator/store/allowances.h"
#include "coordinator/store/state.h"
#include "coordinator/store/store.h"

namespace gleaner::store {

Status Store::top_up(const CustomerId& id, Money amount, std::string_view idempotency_key,
                     Currency currency) {
    if (amount <= Money{} || idempotency_key.empty()) {
        return Error(ErrorCode::invalid_argument,
                     "a top-up has an amount above zero and a key that makes it unique");
    }
    return state_->atomically([&]() -> Status {
        GLEANER_TRY(customer(id));
        Journal& journal = state_->journal;
        GLEANER_TRY(const auto cash, journal.account(ledger::cash_account(currency)));
        GLEANER_TRY(const auto account, journal.account(ledger::customer_account(id, currency)));
        const std::string key =
            std::string("top_up:").append(id.get()).append(":").append(idempotency_key);
        GLEANER_TRY(const auto posted, journal.posted(key, account));
        if (posted == amount) return ok();
        if (posted) {
            return Error(ErrorCode::already_exists,
                         "a top-up with this key was made already, of " + to_decimal(*posted));
        }
        const Line lines[] = {{cash, -amount}, {account, amount}};
        return journal.post(ledger::EntryKind::top_up, key, lines);
    });
}

Result<Money> Store::available_credit(const CustomerId& id, Currency currency) {
    GLEANER_TRY(customer(id));
    GLEANER_TRY(const auto credit, credit_of(*state_, id, currency));
    return credit.available();
}

Result<std::string> Store::receipt(const ProjectId& project, const RequestId& request) {
    Query query(*state_->database, sql::select_receipt, project, request);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such receipt");
    return query.text("json");
}

Status Store::add_receipt(const ProjectId& project, const RequestId& request,
                          std::string_view receipt_json) {
    Query query(*state_->database, sql::select_project_number, project);
    GLEANER_TRY(auto found, query.next());
    if (!found) return Error(ErrorCode::not_found, "no such project");
    return state_->database->run(sql::insert_receipt, query.integer("number"), request,
                                 receipt_json);
}

}  // namespace gleaner::store
