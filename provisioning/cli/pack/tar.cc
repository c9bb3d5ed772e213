#include "provisioning/cli/pack/tar.h"

#include <format>

#include "firmware/base/check.h"

namespace privyseal::cli {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;

void put(std::string& header, std::size_t at, const std::string& text) {
  header.replace(at, text.size(), text);
}

std::string header_of(const std::string& path, std::size_t size) {
  CHECK(path.size() <= kNameBytes);
  std::string header(kBlock, '\0');
  put(header, 0, path);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, std::format("{:011o}", size));
  put(header, 136, "00000000000");
  put(header, 148, "        ");  // the checksum counts as blanks
  put(header, 156, "0");
  put(header, 257, "ustar");
  put(header, 263, "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, std::format("{:06o}", sum) + std::string("\0 ", 2));
  return header;
}

}  // namespace

std::string tar_of(const PackFiles& files, const std::string& folder) {
  std::string archive;
  for (const auto& [path, content] : files) {
    archive += header_of(folder + "/" + path, content.size()) + content;
    archive.resize((archive.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  archive.resize(archive.size() + 2 * kBlock, '\0');
  return archive;
}

}  // namespace privyseal::cli
