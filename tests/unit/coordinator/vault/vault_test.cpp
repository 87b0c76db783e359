#include "coordinator/vault/vault.h"

#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_folder.h"

using namespace gleaner;
using gleaner::vault::Vault;

namespace {

struct Fixture {
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "payout.key";

    [[nodiscard]] mode_t mode() const {
        struct stat info {};
        REQUIRE(::stat(file.c_str(), &info) == 0);
        return info.st_mode & 0777U;
    }
    static void rotate(Vault& vault, vault::KeyRing ring) {
        REQUIRE(vault.save(ring).has_value());
        vault.use(std::make_shared<const vault::KeyRing>(std::move(ring)));
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "the key file is made once, for its owner alone") {
    const auto first = Vault::open(file).value();
    CHECK(first.is_new());
    CHECK(mode() == 0600);
    const auto again = Vault::open(file).value();
    CHECK_FALSE(again.is_new());
    CHECK(again.ring()->current() == first.ring()->current());
}

TEST_CASE_FIXTURE(Fixture, "a file that others can read, or that is damaged, is refused by name") {
    (void)Vault::open(file).value();
    ::chmod(file.c_str(), 0644);
    const auto open_to_all = Vault::open(file);
    CHECK(open_to_all.error().code() == ErrorCode::permission_denied);
    CHECK(open_to_all.error().message().find("chmod 600") != std::string::npos);
    ::chmod(file.c_str(), 0600);
    std::ofstream(file) << "rubbish\n";
    const auto damaged = Vault::open(file);
    CHECK(damaged.error().code() == ErrorCode::data_corrupt);
    CHECK(damaged.error().message().find("payout.key") != std::string::npos);
    CHECK(Vault::open(folder.path() / "nowhere" / "payout.key").has_error());
}

TEST_CASE_FIXTURE(Fixture,
                  "a rotation keeps old keys until nothing needs them, on disk at every step") {
    auto vault = Vault::open(file).value();
    const auto before = vault.ring();
    const auto sealed = before->seal("x", "c");
    rotate(vault, vault.ring()->with_new_key());
    CHECK(mode() == 0600);
    CHECK(vault.ring()->open(sealed, "c").value() == "x");
    CHECK(Vault::open(file).value().ring()->text() == vault.ring()->text());
    // Who took the ring before goes on with it.
    CHECK(before->open(sealed, "c").value() == "x");
    rotate(vault, vault.ring()->with_only({before->current()}));
    CHECK(vault.ring()->size() == 2);
    rotate(vault, vault.ring()->with_only({}));
    CHECK(vault.ring()->size() == 1);
    CHECK(vault.ring()->open(sealed, "c").error().code() == ErrorCode::not_found);
    CHECK(Vault::open(file).value().ring()->text() == vault.ring()->text());
}

TEST_CASE_FIXTURE(Fixture, "a rotation that a kill cut short is repeated") {
    auto vault = Vault::open(file).value();
    std::ofstream(file.string() + ".new") << "half a";
    rotate(vault, vault.ring()->with_new_key());
    CHECK(Vault::open(file).value().ring()->size() == 2);
    CHECK_FALSE(std::filesystem::exists(file.string() + ".new"));
}

TEST_CASE_FIXTURE(Fixture, "a file that cannot be written leaves the ring as it was") {
    auto vault = Vault::open(file).value();
    const auto before = vault.ring();
    std::filesystem::create_directory(file.string() + ".new");
    std::ofstream(file.string() + ".new/in_the_way") << "x";
    CHECK(vault.save(before->with_new_key()).has_error());
    CHECK(Vault::open(file).value().ring()->current() == before->current());
}
