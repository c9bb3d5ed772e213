/// Lines that may be too many to hold: in a file without a name, which goes with the last who has it.
///
/// A disk that fails, or has too little room, ends each reading and is remembered: before anything is
/// concluded from lines that were read, `state` must be asked.
///
/// Threads: one at a time. Copies share the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "firmware/base/result.h"

namespace privyseal::evidence {

class Lines {
 public:
  /// So much of the disk stays free for those who need it more.
  static constexpr std::uint64_t kLeftFree = 64ULL << 20;

  /// The file is made in `folder` when the first line comes.
  explicit Lines(std::filesystem::path folder);
  Lines();  ///< in the usual folder of temporary files
  Lines(std::initializer_list<std::string_view> lines);

  void push_back(std::string_view line);
  /// Bytes as they are, for a file whose lines end otherwise: `size` does not count them.
  void append(std::string_view bytes);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// None yet, in the same folder.
  [[nodiscard]] Lines another() const;

  /// kUnavailable: a line was not written or not read.
  [[nodiscard]] Result<void> state() const;
  /// What it is remembered by: whoever reads a line and cannot understand it says so here.
  void fail_with(const Error& error) const;

  /// As a file, each line with its line end.
  [[nodiscard]] std::uint64_t size_bytes() const;
  /// Bytes of it from `offset` on, some 64 KiB; none at its end.
  [[nodiscard]] Result<std::string> piece(std::uint64_t offset) const;

  class Iterator;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  struct File;
  std::shared_ptr<File> file_;
};

class Lines::Iterator {
 public:
  explicit Iterator(const Lines& lines);
  const std::string& operator*() const { return line_; }
  Iterator& operator++();
  bool operator==(std::default_sentinel_t) const { return is_at_end_; }

 private:
  Lines lines_;
  std::uint64_t offset_ = 0;
  std::string read_;  // of which `at_` bytes were given
  std::size_t at_ = 0;
  std::string line_;
  bool is_at_end_ = false;
};

}  // namespace privyseal::evidence
