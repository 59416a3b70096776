//! Images: what lies under a box is overwritten in the pixels; what cannot be rewritten becomes a grey area.

use lopdf::{Dictionary, Object, ObjectId, Stream};
use model::Fault;

use super::erase::Cover;
use super::filter::{self, Undecoded};
use super::geometry::{Matrix, Rect};
use super::objects::{self, add, array, entry, integer, name, named};
use super::rebuild::touches;
use super::scene::{Fill, Scene};
use super::work::Work;

/// Below this many pixels in either direction no word can be read.
const READABLE: i64 = 8;

/// Overwrites the parts of images that lie under boxes, those that are painted now and those that somebody painted
/// before; and notes the images that nobody has read.
pub(super) fn cover(work: &mut Work<'_>, scene: &mut Scene, page: u32, covers: &[Cover]) -> Result<(), Fault> {
    for at in 0..scene.images.len() {
        let shown = &scene.images[at];
        let (run, operation, matrix) = (shown.run, shown.operation, shown.matrix);
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|corner| matrix.point(corner));
        let area = Rect::around(&corners);
        let under: Vec<&Cover> = covers.iter().filter(|cover| touches(cover, &area)).collect();
        let painted: Vec<&Fill> =
            scene.fills.iter().filter(|fill| fill.images > at && fill.rect.meet(&area).is_some()).collect();
        let is_hidden = painted.iter().any(|fill| !fill.is_sure);
        let Some(id) = shown.object else {
            if !under.is_empty() {
                scene.runs[run].dropped.insert(operation);
                work.remove(format!("an inline image on page {page}"), "it lies under a redaction");
            } else {
                warn_hidden(work, page, !painted.is_empty());
                work.leave_unscanned(format!("image on page {page}"));
            }
            continue;
        };
        let mut boxes = parts(&matrix, &under);
        boxes.extend(painted.iter().filter(|fill| fill.is_sure).filter_map(|fill| part_under(&matrix, &fill.rect)));
        if !under.is_empty() {
            let new = without(work, id, &boxes, page)?;
            scene.runs[run].images.insert(operation, new);
        } else if !boxes.is_empty()
            && is_readable(work, id)
            && let Some(new) = without_hidden(work, id, &boxes, page)?
        {
            scene.runs[run].images.insert(operation, new);
        }
        if is_readable(work, id) {
            warn_hidden(work, page, is_hidden);
            work.leave_unscanned(format!("image on page {page}"));
        }
    }
    Ok(())
}

fn warn_hidden(work: &mut Work<'_>, page: u32, is_hidden: bool) {
    if is_hidden {
        work.warn(format!("an image on page {page} lies under a painted box: what is under it can still be seen"));
    }
}

/// The part of the unit square under an upright box.
fn part_under(matrix: &Matrix, rect: &Rect) -> Option<Rect> {
    let back = matrix.inverse()?;
    let corners = [(rect.left, rect.bottom), (rect.right, rect.bottom), (rect.right, rect.top), (rect.left, rect.top)];
    let [a, b, c, d, ..] = matrix.0;
    let is_upright = b == 0.0 && c == 0.0 || a == 0.0 && d == 0.0;
    is_upright.then(|| Rect::around(&corners.map(|corner| back.point(corner))))
}

/// A copy of the image without what somebody's box hides; `None` when nothing is there any more, or the image's coding
/// cannot be changed in part, which is a warning.
fn without_hidden(work: &mut Work<'_>, id: ObjectId, parts: &[Rect], page: u32) -> Result<Option<ObjectId>, Fault> {
    let Some(Object::Stream(image)) = work.document.objects.get(&id).cloned() else { return Ok(None) };
    let Some(before) = wiped(work, &image, &[])? else {
        warn_hidden(work, page, true);
        return Ok(None);
    };
    if wiped(work, &image, parts)?.is_none_or(|after| after == before) {
        return Ok(None);
    }
    work.remove(format!("part of an image on page {page}"), "it lay under a painted box, from where it could be taken");
    without(work, id, parts, page).map(Some)
}

/// Whether words could be read in an image's pixels.
pub(super) fn is_readable(work: &Work<'_>, id: ObjectId) -> bool {
    let dict = work.document.get_object(id).ok().and_then(objects::of);
    let side = |key: &[u8]| dict.and_then(|dict| integer(&work.document, dict, key)).unwrap_or(0);
    side(b"Width") >= READABLE && side(b"Height") >= READABLE
}

/// How much more of an image goes than its box covers, as a share of the box: letters that somebody else has read in
/// it do not stand exactly where they were said to.
const MARGIN: f64 = 0.08;

/// Parts of the unit square that boxes cover; an image that is flattened onto a line is covered whole.
fn parts(matrix: &Matrix, covers: &[&Cover]) -> Vec<Rect> {
    let whole = Rect { left: 0.0, bottom: 0.0, right: 1.0, top: 1.0 };
    let Some(back) = matrix.inverse() else { return vec![whole] };
    let part = |cover: &&Cover| {
        let own = Rect::around(&cover.quad.map(|corner| back.point(corner)));
        let margin = MARGIN * (own.top - own.bottom);
        Rect { bottom: own.bottom - margin, top: own.top + margin, ..own }
    };
    covers.iter().map(part).collect()
}

/// A copy of the image without the pixels in `parts`.
fn without(work: &mut Work<'_>, id: ObjectId, parts: &[Rect], page: u32) -> Result<ObjectId, Fault> {
    let Some(Object::Stream(image)) = work.document.objects.get(&id) else { return Ok(id) };
    let mut image = image.clone();
    image.dict.remove(b"Alternates");
    match wiped(work, &image, parts)? {
        Some(pixels) => {
            image.dict.remove(b"DecodeParms");
            filter::encode(&mut image, &pixels);
            for key in [&b"SMask"[..], b"Mask"] {
                let mask = image.dict.get(key).ok().and_then(|mask| mask.as_reference().ok());
                if let Some(mask) = mask.filter(|mask| *mask != id) {
                    let covered = mask_without(work, mask, parts)?;
                    match covered {
                        Some(new) => image.dict.set(key, Object::Reference(new)),
                        None => drop(image.dict.remove(key)),
                    }
                }
            }
            Ok(add(&mut work.document, Object::Stream(image)))
        }
        None => {
            work.remove(
                format!("an image on page {page}"),
                "it lies under a redaction and its coding cannot be changed in part",
            );
            Ok(add(&mut work.document, Object::Stream(grey())))
        }
    }
}

fn mask_without(work: &mut Work<'_>, id: ObjectId, parts: &[Rect]) -> Result<Option<ObjectId>, Fault> {
    let Some(Object::Stream(mask)) = work.document.objects.get(&id) else { return Ok(None) };
    let mut mask = mask.clone();
    let Some(pixels) = wiped(work, &mask, parts)? else { return Ok(None) };
    filter::encode(&mut mask, &pixels);
    Ok(Some(add(&mut work.document, Object::Stream(mask))))
}

/// The decoded pixels with the parts set to zero; `None` for a coding that cannot be decoded here.
fn wiped(work: &mut Work<'_>, image: &Stream, parts: &[Rect]) -> Result<Option<Vec<u8>>, Fault> {
    let Some(shape) = shape(work, &image.dict) else { return Ok(None) };
    let mut pixels = match filter::decode(&work.document, image, work.stream_max()) {
        Ok(pixels) => pixels,
        Err(Undecoded::TooLarge) => return Err(super::work::too_large("an image grows beyond the limit")),
        Err(_) => match jpeg(work, image, &shape) {
            Some(pixels) => pixels,
            None => return Ok(None),
        },
    };
    work.expand(pixels.len())?;
    if pixels.len() < shape.row * shape.height {
        pixels.resize(shape.row * shape.height, 0);
    }
    // What follows the last row is shown by nobody.
    pixels.truncate(shape.row * shape.height);
    for part in parts {
        shape.wipe(&mut pixels, part);
    }
    Ok(Some(pixels))
}

/// The pixels of a grey or RGB image that is coded as JPEG; the four colours of print are left to the grey area.
fn jpeg(work: &Work<'_>, image: &Stream, shape: &Shape) -> Option<Vec<u8>> {
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    let file = filter::jpeg(&work.document, image, work.stream_max())?;
    let space = match shape.bits {
        8 => ColorSpace::Luma,
        24 => ColorSpace::RGB,
        _ => return None,
    };
    let options = DecoderOptions::default().jpeg_set_out_colorspace(space);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(&file), options);
    decoder.decode_headers().ok()?;
    let own = decoder.info()?;
    let same = usize::from(own.width) == shape.width && usize::from(own.height) == shape.height;
    let components = usize::from(own.components) * 8;
    let pixels = (same && components == shape.bits).then(|| decoder.decode().ok())??;
    (pixels.len() == shape.row * shape.height).then_some(pixels)
}

struct Shape {
    width: usize,
    height: usize,
    /// Bits of a pixel, bytes of a row.
    bits: usize,
    row: usize,
}

fn shape(work: &Work<'_>, dict: &Dictionary) -> Option<Shape> {
    let document = &work.document;
    let width = usize::try_from(integer(document, dict, b"Width")?).ok()?;
    let height = usize::try_from(integer(document, dict, b"Height")?).ok()?;
    let mask = matches!(entry(document, dict, b"ImageMask"), Some(Object::Boolean(true)));
    let depth = if mask { 1 } else { usize::try_from(integer(document, dict, b"BitsPerComponent")?).ok()? };
    let components = if mask { 1 } else { components(work, dict)? };
    let bits = depth.checked_mul(components).filter(|bits| (1..=1024).contains(bits))?;
    let row = width.checked_mul(bits)?.div_ceil(8);
    let size = row.checked_mul(height)?;
    (width > 0 && height > 0 && size <= work.stream_max()).then_some(Shape { width, height, bits, row })
}

fn components(work: &Work<'_>, dict: &Dictionary) -> Option<usize> {
    let space = entry(&work.document, dict, b"ColorSpace")?;
    let items = space.as_array().ok();
    let family = space.as_name().ok().or_else(|| items?.first()?.as_name().ok())?;
    match family {
        b"DeviceGray" | b"CalGray" | b"Indexed" | b"Separation" => Some(1),
        b"DeviceRGB" | b"CalRGB" | b"Lab" => Some(3),
        b"DeviceCMYK" => Some(4),
        b"ICCBased" => {
            let (_, profile) = work.document.dereference(items?.get(1)?).ok()?;
            usize::try_from(integer(&work.document, objects::of(profile)?, b"N")?).ok()
        }
        b"DeviceN" => {
            let (_, names) = work.document.dereference(items?.get(1)?).ok()?;
            Some(names.as_array().ok()?.len())
        }
        _ => None,
    }
}

impl Shape {
    /// Sets all pixels to zero that a part of the unit square touches. Row 0 is at the top of the square.
    fn wipe(&self, pixels: &mut [u8], part: &Rect) {
        let (left, right) = span(part.left, part.right, self.width);
        let (top, bottom) = span(1.0 - part.top, 1.0 - part.bottom, self.height);
        for row in pixels.chunks_mut(self.row).skip(top).take(bottom.saturating_sub(top)) {
            zero_bits(row, left * self.bits, right * self.bits);
        }
    }
}

/// The pixels that a stretch of the unit square touches, and one more on either side.
fn span(from: f64, to: f64, count: usize) -> (usize, usize) {
    let clamp = |at: f64| at.clamp(0.0, count as f64) as usize;
    (clamp((from * count as f64).floor() - 1.0), clamp((to * count as f64).ceil() + 1.0))
}

fn zero_bits(row: &mut [u8], from: usize, to: usize) {
    let to = to.min(row.len() * 8);
    for bit in from..to {
        // Whole bytes at once.
        if bit % 8 == 0 && bit + 8 <= to {
            row[bit / 8] = 0;
        } else {
            row[bit / 8] &= !(0x80 >> (bit % 8));
        }
    }
}

/// One grey pixel: shown over the same area.
fn grey() -> Stream {
    let mut dict = Dictionary::new();
    for (key, value) in [("Type", "XObject"), ("Subtype", "Image"), ("ColorSpace", "DeviceGray")] {
        dict.set(key, named(value));
    }
    for (key, value) in [("Width", 1), ("Height", 1), ("BitsPerComponent", 8)] {
        dict.set(key, value);
    }
    Stream::new(dict, vec![0x80])
}

/// Takes what is no picture out of the codings that carry it: comments, Exif and XMP in JPEG.
pub(super) fn strip(work: &mut Work<'_>, id: ObjectId) {
    let Some(Object::Stream(image)) = work.document.objects.get(&id) else { return };
    let filters = filter::filters(&work.document, &image.dict);
    let only_dct = matches!(filters.as_slice(), [(filter, _)] if filter == "DCTDecode");
    if !only_dct {
        return;
    }
    if let Some(bytes) = without_metadata(&image.content).filter(|bytes| bytes.len() < image.content.len())
        && let Some(Object::Stream(image)) = work.document.objects.get_mut(&id)
    {
        image.set_content(bytes);
        work.remove("comments and metadata inside a JPEG image", "they show nothing and may name people");
    }
}

/// JPEG segments without comments and application data but JFIF, ICC and Adobe's colour transform.
fn without_metadata(jpeg: &[u8]) -> Option<Vec<u8>> {
    let mut out = jpeg.get(..2).filter(|start| *start == [0xff, 0xd8])?.to_vec();
    let mut at = 2;
    loop {
        let [0xff, marker] = *jpeg.get(at..at + 2)? else { return None };
        if marker == 0xda {
            let end = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xd9]).map_or(jpeg.len(), |end| end + 2);
            out.extend_from_slice(jpeg.get(at..end)?);
            return Some(out);
        }
        let length = usize::from(u16::from_be_bytes([*jpeg.get(at + 2)?, *jpeg.get(at + 3)?]));
        let segment = jpeg.get(at..at + 2 + length)?;
        if !matches!(marker, 0xe1 | 0xe3..=0xed | 0xef | 0xfe) {
            out.extend_from_slice(segment);
        }
        at += 2 + length;
    }
}

/// Whether the stream is an image.
pub(super) fn is_image(work: &Work<'_>, dict: &Dictionary) -> bool {
    name(&work.document, dict, b"Subtype").as_deref() == Some(b"Image")
        && array(&work.document, dict, b"Kids").is_empty()
}
