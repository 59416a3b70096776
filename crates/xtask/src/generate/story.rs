//! What application lines tell: a message with its numbers and some fields. No message holds a quote or a backslash, so all
//! stand as they are in every form.

use super::dice::Dice;
use super::people::{card, email, hex, iban, ipv4, ipv6, mac, name, phone, ssn, uuid};

pub(super) struct Story {
    pub(super) message: String,
    /// Names and values that need no quotes in `key=value`.
    pub(super) fields: Vec<(&'static str, String)>,
}

/// Numbers of many kinds, none of them about a person.
pub(super) fn plain(dice: &mut Dice) -> Story {
    let message = if dice.below(2) == 0 { of_requests(dice) } else { of_machines(dice) };
    Story { message, fields: fields(dice) }
}

/// One or two values of a person.
pub(super) fn personal(dice: &mut Dice) -> Story {
    let message = match dice.below(20) {
        0..4 => format!("user {} logged in from {}", email(dice), ipv4(dice)),
        4..6 => format!("password reset mail sent to {} after {} ms", email(dice), dice.below(900)),
        6..9 => format!(
            "connection from {}:{} closed, {} bytes read",
            ipv4(dice),
            1024 + dice.below(60_000),
            dice.below(9_000_000)
        ),
        9 => format!("peer {} left, {} streams were open", ipv6(dice), dice.below(90)),
        10..12 => format!(
            "order {}: card {} authorised, {}.{:02} EUR",
            uuid(dice),
            card(dice),
            dice.below(900),
            dice.below(100)
        ),
        12 => format!("payout {} to IBAN {} is scheduled", dice.below(900_000), iban(dice)),
        13..15 => format!("sms to phone {} delivered in {} parts", phone(dice), 1 + dice.below(3)),
        15 => format!("lease of {} given to {}, {} s", ipv4(dice), mac(dice), dice.below(86_400)),
        16..18 => {
            format!("customer {} <{}> changed the delivery address of {}", name(dice), email(dice), dice.below(900_000))
        }
        18 => format!("identity check {}: ssn {} accepted", hex(dice, 8), ssn(dice)),
        _ => format!("pool opened postgres://shop:{}@db-{}.example:5432/orders", hex(dice, 12), dice.below(9)),
    };
    Story { message, fields: fields(dice) }
}

fn of_requests(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => format!(
            "order {} placed in {} ms, {} items, basket version {}",
            uuid(dice),
            dice.below(900),
            dice.below(40),
            dice.below(90)
        ),
        1 => format!(
            "GET /api/v2/items/{}?page={} -> 200 in {} ms ({} bytes)",
            dice.below(9_000_000),
            dice.below(40),
            millis(dice),
            dice.below(90_000)
        ),
        2 => format!(
            "retry {}/5 after {} ms: upstream timed out, trace {}{}",
            1 + dice.below(5),
            dice.below(4000),
            hex(dice, 16),
            hex(dice, 16)
        ),
        3 => format!(
            "span {} of trace {}{} closed after {} us",
            hex(dice, 16),
            hex(dice, 16),
            hex(dice, 16),
            dice.below(900_000)
        ),
        4 => format!(
            "cache {} for item:{}:{}, ttl {}s, shard {}/16",
            dice.pick(&["hit", "miss"]),
            dice.below(900_000),
            hex(dice, 8),
            dice.below(3600),
            dice.below(16)
        ),
        5 => format!(
            "TimeoutException: no answer within {} ms at shop.http.Client.call(Client.java:{})",
            dice.below(9000),
            dice.below(900)
        ),
        6 => {
            format!("flag checkout_v{} is {} for segment {}", dice.below(9), dice.pick(&["on", "off"]), dice.below(400))
        }
        _ => format!(
            "search for {} terms gave {} of {} hits in {} ms",
            1 + dice.below(6),
            dice.below(100),
            dice.below(90_000),
            millis(dice)
        ),
    }
}

fn of_machines(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => format!(
            "batch {} committed: {} rows, {} segments, lsn {:X}/{:X}",
            hex(dice, 16),
            dice.below(90_000),
            dice.below(90),
            dice.below(99),
            dice.below(0xfff_ffff)
        ),
        1 => format!(
            "consumer group billing-{} rebalanced, generation {}, partitions [{}, {}, {}]",
            dice.below(9),
            dice.below(9000),
            dice.below(64),
            dice.below(64),
            dice.below(64)
        ),
        2 => format!(
            "gc pause {} ms, heap {} MiB -> {} MiB, old {} MiB",
            millis(dice),
            900 + dice.below(900),
            dice.below(900),
            dice.below(900)
        ),
        3 => format!(
            "plan {} used index orders_created_at_idx, cost {}..{}, rows {}",
            hex(dice, 8),
            millis(dice),
            millis(dice),
            dice.below(900_000)
        ),
        4 => format!(
            "build 3.{}.{}+{} started, pid {}, configuration sha256:{}{}",
            dice.below(40),
            dice.below(90),
            hex(dice, 7),
            dice.below(32_768),
            hex(dice, 16),
            hex(dice, 16)
        ),
        5 => format!(
            "lock {} waited {} us, holder worker-{}, queue {}",
            dice.below(900),
            dice.below(90_000),
            dice.below(64),
            dice.below(12)
        ),
        6 => format!(
            "uploaded part {} of {}/{}.parquet ({} bytes)",
            dice.below(90),
            uuid(dice),
            hex(dice, 12),
            dice.below(9_000_000)
        ),
        _ => format!(
            "disk /dev/nvme{}n1 at {} percent, {} inodes free, await {} ms",
            dice.below(4),
            dice.below(100),
            dice.below(9_000_000),
            millis(dice)
        ),
    }
}

/// None to three, as services add them.
fn fields(dice: &mut Dice) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    if dice.below(2) == 0 {
        fields.push(("request_id", uuid(dice)));
    }
    if dice.below(3) == 0 {
        fields.push(("duration_us", dice.below(5_000_000).to_string()));
    }
    if dice.below(3) == 0 {
        fields.push(("span", hex(dice, 16)));
    }
    fields
}

/// `12.345`
fn millis(dice: &mut Dice) -> String {
    let us = dice.latency_us(2.0, 1.0);
    format!("{}.{:03}", us / 1000, us % 1000)
}
