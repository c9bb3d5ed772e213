// That a ledger of any length is verified, exported and packed in the same memory, by the program itself
// under a limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fake_appliance.h"
#include "tests/support/process.h"

namespace privyseal::cli {
namespace {

using testing::HasSubstr;

/// Held, the rows alone would be more than twice as much.
constexpr const char* kMemory = "--data=20000000";
constexpr int kMails = 10'000;

TEST(LedgerMemory, DISABLED_IsTheSameForALedgerOfAnyLength) {
  test::FakeAppliance appliance;
  for (int i = 0; i < kMails; ++i) appliance.add_mail("alice@lawfirm.example");
  appliance.sign_logs();
  appliance.clock().set(appliance.clock().now() + std::chrono::seconds(1));
  const auto said = appliance.run() / "said";
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {kMemory, PRIVYSEAL_PROGRAM});
    words.insert(words.end(), {"--run", appliance.run().string()});
    std::filesystem::remove(said);
    auto child = test::ChildProcess::start({.program = "/usr/bin/prlimit",
                                            .arguments = words,
                                            .environment = {"PATH=/usr/bin:/bin"},
                                            .output = said});
    return child.value().wait(std::chrono::minutes(5)).value();
  };
  const auto text = [&] {
    std::ifstream file(said);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(run({"ledger", "verify"}), 0) << text();
  EXPECT_THAT(text(), HasSubstr("Sound: 10000 mails as recorded"));
  const auto out = appliance.run() / "export";
  EXPECT_EQ(run({"ledger", "export", "--out", out.string()}), 0) << text();
  std::ifstream csv(out / "ledger.csv");
  int lines = 0;
  for (std::string line; std::getline(csv, line);) ++lines;
  EXPECT_GE(lines, kMails + 1);
  EXPECT_EQ(
      run({"audit", "pack", "--from", "2026-03-10", "--to", "2026-03-11", "--out", (out / "p").string()}), 0)
      << text();
}

}  // namespace
}  // namespace privyseal::cli
