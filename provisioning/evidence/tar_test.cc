#include "provisioning/evidence/tar.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace privyseal::evidence {
namespace {

/// What Debian's tar makes of the archive.
TEST(TarReader, GivesWhatTarUnpacksAndAsMuchAsItSays) {
  Lines lines;
  std::string as_file;
  for (int i = 0; i < 30'000; ++i) {
    lines.push_back(std::to_string(i));
    as_file += std::to_string(i) + "\n";
  }
  PackFiles files;
  files.emplace("lines", Content::of(lines).value());
  files.emplace("empty", std::string());
  files.emplace("none", Content::of(Lines()).value());
  files.emplace("block", std::string(512, 'b'));
  files.emplace("deep/text", std::string("a\n"));
  TarReader reader(std::make_shared<const PackFiles>(std::move(files)), "pack");
  std::string archive;
  for (;;) {
    const auto piece = reader.next();
    ASSERT_TRUE(piece);
    if (piece->empty()) break;
    archive += *piece;
  }
  EXPECT_EQ(archive.size(), reader.size_bytes());
  const test::TempFolder folder;
  std::ofstream(folder.path() / "a.tar") << archive;
  const std::string at = folder.path().string();
  ASSERT_EQ(std::system(("tar -xf " + at + "/a.tar -C " + at).c_str()), 0);
  const auto content = [&](const char* name) {
    std::ifstream file(folder.path() / "pack" / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(content("lines"), as_file);
  EXPECT_EQ(content("empty"), "");
  EXPECT_EQ(content("none"), "");
  EXPECT_EQ(content("block"), std::string(512, 'b'));
  EXPECT_EQ(content("deep/text"), "a\n");
}

}  // namespace
}  // namespace privyseal::evidence
