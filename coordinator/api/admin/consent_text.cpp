#include "coordinator/api/admin/consent_text.h"

namespace gleaner::admin {

namespace {

/// 7000 basis points → "70 %", 550 → "5.5 %".
std::string percent(std::int32_t basis_points) {
    std::string text = std::to_string(basis_points / 100);
    const std::int32_t rest = basis_points % 100;
    if (rest != 0) {
        std::string decimals = std::to_string(rest + 100).substr(1);
        if (decimals.back() == '0') decimals.pop_back();
        text += "." + decimals;
    }
    return text + " %";
}

}  // namespace

ConsentText consent_text(const ledger::Split& split) {
    ConsentText consent;
    consent.date = "2026-11-25";
    consent.text =
        "CONSENT OF THE OWNER TO GLEANER ON THE MACHINES OF THIS SITE\n"
        "\n"
        "What runs. The program gleaner-node runs on each machine that you or your staff enrol\n"
        "with this site's token. It loads language models and answers with them what other\n"
        "people ask, on the graphics card or the processor. The engine runs in a sandbox: without\n"
        "network, without access to your files or other programs. Only engines signed by the\n"
        "platform's release key run. Models and engines are kept on disk up to the quota that you\n"
        "set; they are downloaded over your connection.\n"
        "\n"
        "When it runs. From when you or your staff start gleaner-node on a machine until you stop\n"
        "it; it then hands its work back within seconds. This version does not watch for people "
        "at\n"
        "the machine: start it when the machine is free, stop it when somebody needs it. The\n"
        "machine uses more electricity while it works, which you pay. The program shows itself\n"
        "among the running programs; it is never hidden from the people who use the machine.\n"
        "\n"
        "Who earns. You receive " +
        percent(split.owner) +
        " of what customers pay for work done at this site. The partner\n"
        "who referred you, if there is one, receives " +
        percent(split.owner_partner) + "; the customer's partner, if any, " +
        percent(split.customer_partner) +
        ";\n"
        "the platform keeps the rest. Work that fails checks is not paid.\n"
        "\n"
        "What you declare. You own these machines, or their owner has authorised you in writing.\n"
        "You tell the people who use them that this program runs. You do not read, copy or change\n"
        "the requests and answers that pass through the machines.\n"
        "\n"
        "How it ends. You can take this consent back at any time, without giving a reason:\n"
        "every machine of the site then stops at once and is disenrolled. What was earned until\n"
        "then is paid.\n";
    return consent;
}

}  // namespace gleaner::admin
