#include "firmware/gateway/ledger_words.h"

#include "firmware/gateway/ledger_schema.h"
#include "firmware/gateway/search_keys.h"

namespace privyseal::gateway {
namespace {

// In the order of kWordColumns.
constexpr int kSender = 0;
constexpr int kRecipients = 1;
constexpr int kSession = 2;
constexpr int kLanSession = 3;
constexpr int kMessageId = 4;

}  // namespace

std::vector<std::string> opening_words_at(const Statement& row, int first) {
  auto words = address_keys(row.text(first + kSender), lines_in(row.text(first + kRecipients)));
  for (const int session : {kSession, kLanSession})
    if (auto id = row.text(first + session); !id.empty()) words.push_back(std::move(id));
  return words;
}

std::vector<std::string> closing_words_at(const Statement& row, int first) {
  auto word = search_key(row.text(first + kMessageId));
  if (word.empty()) return {};
  return {std::move(word)};
}

std::vector<std::string> words_at(const Statement& row, int first) {
  auto words = opening_words_at(row, first);
  for (auto& word : closing_words_at(row, first)) words.push_back(std::move(word));
  return words;
}

}  // namespace privyseal::gateway
