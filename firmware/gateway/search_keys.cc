#include "firmware/gateway/search_keys.h"

#include <algorithm>

#include "firmware/smtp/ascii.h"

namespace privyseal::gateway {

std::string search_key(std::string_view word) {
  while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
  while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
  if (word.size() > 2 && word.front() == '<' && word.back() == '>') word = word.substr(1, word.size() - 2);
  return smtp::lower(word);
}

std::vector<std::string> address_keys(std::string_view sender, const std::vector<std::string>& recipients) {
  std::vector<std::string> keys;
  const auto add = [&](std::string_view address) {
    if (address.empty()) return;
    keys.push_back(smtp::lower(address));
    if (const auto at = keys.back().rfind('@'); at != std::string::npos && at > 0)
      keys.push_back(keys.back().substr(at));
  };
  add(sender);
  for (const std::string& recipient : recipients) add(recipient);
  std::ranges::sort(keys);
  const auto doubled = std::ranges::unique(keys);
  keys.erase(doubled.begin(), doubled.end());
  return keys;
}

std::string end_of_prefix(std::string key) {
  // UTF-8 has no byte 0xff, so that this is behind every text that begins with the key.
  key += '\xff';
  return key;
}

}  // namespace privyseal::gateway
