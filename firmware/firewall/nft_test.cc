#include "firmware/firewall/nft.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "firmware/base/bytes.h"
#include "firmware/base/check.h"
#include "firmware/base/sha256.h"
#include "tests/support/temp_folder.h"

namespace privyseal::firewall {
namespace {

struct Case {
  const char* name;
  const char* json;
  std::optional<std::uint64_t> packets;
};

class DroppedPackets : public testing::TestWithParam<Case> {};
TEST_P(DroppedPackets, AreReadOrAreNone) { EXPECT_EQ(dropped_packets(GetParam().json), GetParam().packets); }
INSTANTIATE_TEST_SUITE_P(
    , DroppedPackets,
    testing::ValuesIn(std::to_array<Case>({
        {"OfNft113",  // as nft 1.1.3 prints it
         R"({"nftables": [{"metainfo": {"version": "1.1.3", "release_name": "Commodore Bullmoose #4", "json_schema_version": 1}}, {"counter": {"family": "inet", "name": "dropped", "table": "privyseal", "handle": 4, "packets": 17, "bytes": 1020}}]})",
         17},
        {"BehindAnother",
         R"({"nftables":[{"counter":{"name":"x","packets":1}},{"counter":{"name":"dropped","packets":2}}]})",
         2},
        {"Empty", "", std::nullopt},
        {"NoObject", "[]", std::nullopt},
        {"NoList", R"({"nftables":{"counter":{"name":"dropped","packets":2}}})", std::nullopt},
        {"NoCounter", R"({"nftables":[]})", std::nullopt},
        {"NoObjectInTheList", R"({"nftables":[1,"counter",null]})", std::nullopt},
        {"CounterIsNoObject", R"({"nftables":[{"counter":5}]})", std::nullopt},
        {"WithoutName", R"({"nftables":[{"counter":{"packets":2}}]})", std::nullopt},
        {"OfAnotherName", R"({"nftables":[{"counter":{"name":"passed","packets":2}}]})", std::nullopt},
        {"WithoutPackets", R"({"nftables":[{"counter":{"name":"dropped"}}]})", std::nullopt},
        {"Negative", R"({"nftables":[{"counter":{"name":"dropped","packets":-2}}]})", std::nullopt},
        {"Text", R"({"nftables":[{"counter":{"name":"dropped","packets":"2"}}]})", std::nullopt},
        {"TooBig", R"({"nftables":[{"counter":{"name":"dropped","packets":99999999999999999999}}]})",
         std::nullopt},
        {"CutOff", R"({"nftables":[{"counter":{"name":"dropped","packets":2}})", std::nullopt},
    })),
    [](const auto& c) { return std::string(c.param.name); });

/// A program that says what the test wants.
Nft saying(const test::TempFolder& folder, const std::string& script) {
  std::ofstream(folder / "nft") << "#!/bin/sh\n" << script << "\n";
  CHECK(::chmod((folder / "nft").c_str(), 0700) == 0);
  return Nft(folder / "nft");
}

TEST(Nft, GivesTheHashOfAllRulesWithoutWhatChangesByItself) {
  const test::TempFolder folder;
  const Nft nft = saying(folder, R"([ "$*" = "--stateless --numeric list ruleset" ] && printf 'table x\n')");
  EXPECT_EQ(nft.rules().value(), to_hex(sha256(bytes_of("table x\n"))));
}

TEST(Nft, BelievesNoProgramThatFails) {
  const test::TempFolder folder;
  EXPECT_EQ(saying(folder, "echo 'table x'; exit 1").rules().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(saying(folder, "echo 'table x'; kill -9 $$").rules().error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(saying(folder, "yes").rules()) << "it would fill the memory";
  EXPECT_FALSE(saying(folder, "exit 1").load("/x"));
  EXPECT_EQ(saying(folder, "exit 1").dropped(), std::nullopt);
  EXPECT_EQ(Nft("/nowhere/nft").rules().error().code, ErrorCode::kNotFound);
}

TEST(Nft, TellsTheProgramNothingButItsArguments) {
  const test::TempFolder folder;
  ::setenv("NFT_TEST_SECRET", "canary", 1);
  const Nft nft = saying(folder, "env | grep -c canary; read line && exit 1; true");
  EXPECT_EQ(nft.rules().value(), to_hex(sha256(bytes_of("0\n"))));
}

}  // namespace
}  // namespace privyseal::firewall
