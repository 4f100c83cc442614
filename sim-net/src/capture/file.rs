//! The file of a capture, as pcapng.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::{PcapNgBlock as _, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use super::tap::Packets;
use crate::wire::Seen;

/// Times are in units of 10 to the minus this.
const NANOSECONDS: u8 = 9;
/// The direction among the flags of a packet.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// The file with the packets of the interfaces that are wanted, by their names.
pub(super) fn pcapng(packets: &Packets, is_wanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let section = SectionHeaderBlock {
        endianness: Endianness::Little,
        options: vec![SectionHeaderOption::UserApplication(Cow::Borrowed("seedbed"))],
        ..SectionHeaderBlock::default()
    };
    let writes = "bytes can be written to memory";
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), section).expect(writes);
    let mut interfaces = BTreeMap::new();
    for (interface, name) in (0_u32..).zip(&packets.names).filter(|(_, name)| is_wanted(name)) {
        interfaces.insert(interface, interfaces.len() as u32);
        let description = InterfaceDescriptionBlock {
            linktype: DataLink::RAW,
            snaplen: 0,
            options: vec![
                InterfaceDescriptionOption::IfName(Cow::Borrowed(&**name)),
                InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
            ],
        };
        writer.write_block(&description.into_block()).expect(writes);
    }
    for frame in &packets.frames {
        let Some(&interface_id) = interfaces.get(&frame.interface) else { continue };
        let data = packets.bytes(frame);
        let direction = if frame.seen == Seen::Sent { OUTBOUND } else { INBOUND };
        let packet = EnhancedPacketBlock {
            interface_id,
            timestamp: Duration::from_nanos(frame.at.as_nanos()),
            original_len: data.len() as u32,
            data: Cow::Borrowed(data),
            options: vec![EnhancedPacketOption::Flags(direction)],
        };
        writer.write_block(&packet.into_block()).expect(writes);
    }
    writer.into_inner()
}
