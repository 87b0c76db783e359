#include "coordinator/ledger/accounts.h"

namespace gleaner::ledger {

namespace {

Account account(std::string name, Currency currency) {
    if (currency != Currency::cny) name.append("@").append(code_of(currency));
    return {std::move(name), currency};
}

}  // namespace

Account cash_account(Currency currency) {
    return account("cash", currency);
}

Account platform_account(Currency currency) {
    return account("platform", currency);
}

Account customer_account(const CustomerId& id, Currency currency) {
    return account("customer:" + id.get(), currency);
}

Account hold_account(const JobId& id, Currency currency) {
    return account("hold:" + id.get(), currency);
}

Account owner_account(const OwnerId& id, Currency currency) {
    return account("owner:" + id.get(), currency);
}

Account partner_account(const PartnerId& id, Currency currency) {
    return account("partner:" + id.get(), currency);
}

Account pending_account(const OwnerId& id, Currency currency) {
    return account("pending:owner:" + id.get(), currency);
}

Account pending_account(const PartnerId& id, Currency currency) {
    return account("pending:partner:" + id.get(), currency);
}

Account deposit_account(std::string_view contract, Currency currency) {
    return account(std::string("deposit:").append(contract), currency);
}

Account payout_account(std::string_view payout, Currency currency) {
    return account(std::string("payout:").append(payout), currency);
}

std::string_view to_string(EntryKind kind) {
    switch (kind) {
        case EntryKind::top_up:
            return "top_up";
        case EntryKind::refund:
            return "refund";
        case EntryKind::hold:
            return "hold";
        case EntryKind::release:
            return "release";
        case EntryKind::charge:
            return "charge";
        case EntryKind::reversal:
            return "reversal";
        case EntryKind::confirm:
            return "confirm";
        case EntryKind::cap:
            return "cap";
        case EntryKind::tier:
            return "tier";
        case EntryKind::guarantee:
            return "guarantee";
        case EntryKind::credit:
            return "credit";
        case EntryKind::storage:
            return "storage";
        case EntryKind::deposit:
            return "deposit";
        case EntryKind::deposit_return:
            return "deposit_return";
        case EntryKind::fee:
            return "fee";
        case EntryKind::payout:
            return "payout";
        case EntryKind::payout_return:
            return "payout_return";
        case EntryKind::payout_sent:
            return "payout_sent";
    }
    return "charge";
}

}  // namespace gleaner::ledger
