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

std::string english(const ledger::Split& split) {
    return "CONSENT OF THE OWNER TO GLEANER ON THE MACHINES OF THIS SITE\n"
           "\n"
           "What runs. The program gleaner-node runs on each machine that you or your staff enrol\n"
           "at this site. It loads language models and answers with them what other people ask, "
           "on\n"
           "the graphics card or the processor. The engine runs in a sandbox: without network,\n"
           "without access to your files or other programs. Only engines signed by the platform's\n"
           "release key run. Models and engines are kept on disk up to the quota that you set; "
           "they\n"
           "are downloaded over your connection, or from other machines of the same site.\n"
           "\n"
           "When it runs. On machines that people use (policy \"guest\") only while nobody does "
           "and\n"
           "within the limits that you set for the site or the machine; it stops at once when\n"
           "somebody comes back. On dedicated machines (policy \"dedicated\") whenever it is "
           "started.\n"
           "To know whether somebody is there it looks at key and mouse activity, full-screen\n"
           "programs, and what other programs use; this stays on the machine. The machine uses "
           "more\n"
           "electricity while it works, which you pay. The program shows itself among the running\n"
           "programs; it is never hidden from the people who use the machine.\n"
           "\n"
           "What is sent. What the devices are and can do, whether they are free, how long they\n"
           "probably stay free, load and temperature, and the answers. Each machine shows exactly\n"
           "what was sent (gleanerctl node sent).\n"
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
           "What you declare. You own these machines, or their owner has authorised you in "
           "writing.\n"
           "You tell the people who use them that this program runs. You do not read, copy or "
           "change\n"
           "the requests and answers that pass through the machines.\n"
           "\n"
           "How it ends. You can take this consent back at any time, without giving a reason:\n"
           "every machine of the site then stops at once and is disenrolled. What was earned "
           "until\n"
           "then is paid.\n";
}

/// The same, sentence by sentence.
std::string chinese(const ledger::Split& split) {
    return "机主同意书：在本站点的机器上运行拾穗（Gleaner）\n"
           "\n"
           "运行什么。您或您的员工在本站点登记的每台机器上会运行程序 "
           "gleaner-node。它加载语言模型，\n"
           "用显卡或处理器回答他人的请求。引擎在沙箱中运行：没有网络，碰不到您的文件和其他程序。\n"
           "只运行由平台发布密钥签名的引擎。模型和引擎保存在磁盘上，不超过您设定的上限；\n"
           "它们通过您的网络下载，或从同一站点的其他机器获取。\n"
           "\n"
           "何时运行。在有人使用的机器上（policy 为 "
           "guest），仅在无人使用时、在您为站点或机器设定的\n"
           "限制之内运行；一有人回来就立即停止。在专用机器上（policy 为 "
           "dedicated），启动后即运行。\n"
           "为判断是否有人，它会查看键鼠活动、全屏程序以及其他程序的占用情况；这些信息不会离开\n"
           "本机。工作时机器耗电更多，电费由您承担。程序在运行列表中可见，绝不对使用者隐藏。\n"
           "\n"
           "发送什么。设备是什么、性能如何、是否空闲、预计空闲多久、负载和温度，以及答案。每台机器"
           "\n"
           "都能显示实际发送的内容（gleanerctl node sent）。\n"
           "\n"
           "谁获得收益。客户为在本站点完成的工作支付的费用，您得 " +
           percent(split.owner) + "；如有推荐您的合作伙伴，其得 " + percent(split.owner_partner) +
           "；如有\n"
           "客户的合作伙伴，其得 " +
           percent(split.customer_partner) +
           "；其余归平台。未通过核验的工作不付费。\n"
           "\n"
           "您的声明。您是这些机器的所有者，或已获其书面授权。您会告知使用者本程序在运行。您不会\n"
           "读取、复制或更改经过这些机器的请求和答案。\n"
           "\n"
           "如何终止。您可以随时撤回本同意书，无需理由：该站点的所有机器随即停止并注销。此前的收益"
           "\n"
           "照常支付。\n";
}

}  // namespace

ConsentText consent_text(const ledger::Split& split) {
    ConsentText consent;
    consent.date = "2026-11-26";
    consent.text = english(split) + "\n" + chinese(split);
    return consent;
}

}  // namespace gleaner::admin
