/// A malware scanner that does what a test tells it: clamd's INSTREAM, or ICAP's RESPMOD, with every fault
/// that a scanner can have. It reads the frames with code of its own.
///
/// Threads: one for all connections, one at a time; every member may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "firmware/base/guarded.h"
#include "firmware/base/unique_fd.h"

namespace privyseal::test {

enum class ScannerManner {
  kAnswers,       ///< reads the mail and says `answer`
  kHangs,         ///< reads the mail and says nothing
  kHangsUp,       ///< reads the mail and ends the connection
  kCut,           ///< ends the connection inside the mail
  kReadsNothing,  ///< neither reads nor answers
  kSpeaksEarly,   ///< says `answer` before the end of the mail, and again behind it
  kRefuses,       ///< says `answer` inside the mail and ends the connection
};

class StandInScanner {
 public:
  enum class Language { kClamd, kIcap };

  explicit StandInScanner(Language language);
  ~StandInScanner();
  StandInScanner(const StandInScanner&) = delete;
  StandInScanner& operator=(const StandInScanner&) = delete;

  /// "127.0.0.1:PORT"
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void play(ScannerManner manner, std::string answer = "");
  /// The last mail whose end it has seen; empty: none since play().
  [[nodiscard]] std::string mail();
  /// What was said before the mail.
  [[nodiscard]] std::string opening();

 private:
  struct Now {
    ScannerManner manner = ScannerManner::kAnswers;
    std::string answer;
    std::string opening;
    std::string mail;
  };
  void serve();
  void talk(int connection);
  bool read_mail(int connection);

  const Language language_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  Guarded<Now> now_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace privyseal::test
