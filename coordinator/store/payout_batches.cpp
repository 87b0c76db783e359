/// Batches of payouts: the files that banks, Alipay and WeChat are handed.

#include "coordinator/ledger/payout_file.h"
#include "coordinator/store/payout_rows.h"
#include "coordinator/store/payouts.h"
#include "coordinator/store/state.h"
#include "shared/model/civil_day.h"

namespace gleaner::store {

namespace {

using ledger::PayoutAction;
using ledger::PayoutState;

/// The lines of a file and what they sum to.
struct OpenedLines {
    std::vector<ledger::PayoutFileLine> lines;
    Money total;
};

Result<OpenedLines> open_lines(const std::vector<Payout>& payouts, const Unseal& unseal) {
    OpenedLines opened;
    for (const auto& payout : payouts) {
        const auto named = [&](const Error& why) {
            return why.within("payout " + payout.id + " of " + payout.party.id);
        };
        const auto plain =
            unseal(payout.sealed, seal_context(payout.party, payout.account_version));
        if (plain.has_error()) return named(plain.error());
        auto payee = ledger::parse_payee(plain.value());
        if (payee.has_error()) return named(payee.error());
        opened.lines.push_back({payout.id, std::move(payee).value(), payout.amount});
        opened.total += payout.amount;
    }
    return opened;
}

}  // namespace

Result<std::int64_t> Payouts::settle_batch(std::int64_t number, std::string_view by,
                                           std::string_view reference) {
    return store_.state().atomically([&]() -> Result<std::int64_t> {
        GLEANER_TRY(batch(number));
        GLEANER_TRY(const auto all, payouts_of(number));
        std::int64_t count = 0;
        for (const auto& payout : all) {
            if (payout.state != PayoutState::sent) continue;
            GLEANER_TRY(settle(payout.id, by, reference));
            ++count;
        }
        return count;
    });
}

Result<PayoutBatch> Payouts::export_batch(const BatchRequest& request, const Unseal& unseal) {
    GLEANER_TRY(require_payout_key(request.key));
    auto& state = store_.state();
    return state.atomically([&]() -> Result<PayoutBatch> {
        Query before(*state.database, sql::select_payout_batch_by_key, request.key);
        GLEANER_TRY(const bool made, before.next());
        if (made) {
            const auto batch = batch_row(before);
            if (batch.currency == request.currency && batch.method == request.method) return batch;
            return Error(ErrorCode::already_exists,
                         "batch " + std::to_string(batch.number) +
                             " was exported with this idempotency key and is of another currency "
                             "or method: take another key");
        }
        GLEANER_TRY(const auto to_send,
                    state.all(payout_row, sql::list_payouts_to_send, code_of(request.currency),
                              ledger::to_string(request.method),
                              static_cast<std::int64_t>(ledger::payout_file_lines_max)));
        if (to_send.empty())
            return Error(ErrorCode::failed_precondition,
                         "no approved payout in " + std::string(code_of(request.currency)) +
                             " waits to be sent by " +
                             std::string(ledger::to_string(request.method)));
        GLEANER_TRY(const auto opened, open_lines(to_send, unseal));
        const auto now = state.clock.wall();
        GLEANER_TRY(
            state.database->run(sql::insert_payout_batch, request.key, code_of(request.currency),
                                ledger::to_string(request.method), to_send.size(), opened.total,
                                request.payer_login, request.payer_name, now, request.by));
        const std::int64_t number = state.database->last_row();
        for (const auto& payout : to_send) {
            GLEANER_TRY(ledger::step(payout.state, PayoutAction::send));
            GLEANER_TRY(state.database->run(sql::send_payout, payout.number, now, number));
        }
        return batch(number);
    });
}

Result<std::string> Payouts::batch_text(std::int64_t number, const Unseal& unseal) {
    return store_.state().atomically([&]() -> Result<std::string> {
        GLEANER_TRY(const auto made, batch(number));
        GLEANER_TRY(const auto all, payouts_of(number));
        GLEANER_TRY(const auto opened, open_lines(all, unseal));
        if (opened.total != made.total ||
            static_cast<std::int64_t>(opened.lines.size()) != made.payouts)
            return Error(ErrorCode::data_corrupt,
                         "the payouts of batch " + std::to_string(number) +
                             " are not those that it was exported with: do not send it");
        return ledger::payout_file_text({number, day_of(made.exported), made.method, made.currency,
                                         made.total, made.payer_login, made.payer_name},
                                        opened.lines);
    });
}

Result<PayoutBatch> Payouts::batch(std::int64_t number) {
    return store_.state().one("batch of payouts", batch_row, sql::select_payout_batch, number);
}

Result<std::vector<PayoutBatch>> Payouts::batches(std::int64_t before, std::int64_t limit) {
    return store_.state().all(batch_row, sql::list_payout_batches, before, limit);
}

Result<std::vector<Payout>> Payouts::payouts_of(std::int64_t batch) {
    return store_.state().all(payout_row, sql::list_payouts_of_batch, batch);
}

}  // namespace gleaner::store
