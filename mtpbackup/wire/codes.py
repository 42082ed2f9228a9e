"""The code tables of PTP 1.0 (PIMA 15740:2000), MTP 1.1 and Android's extension, as open enums.

Open means: a number that is in no table is kept, not refused. It becomes a pseudo-member whose name tells it
(`UNKNOWN_0x1234`) and which equals, hashes and encodes as its number, so what a phone says survives a decoder
and an encoder. Phones do send such numbers: vendors add operations, formats and properties of their own.

Names are the specifications' own, in capitals. Where two specifications name one code, MTP's name is used.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Self


class OpenIntEnum(IntEnum):
    """An IntEnum that takes every number from 0 up; those without a name are made up when met.

    Two pseudo-members of one number are equal, but not the same object: compare with `==`, as `match` does.
    They are not kept in a cache, so that a hostile phone cannot fill the memory with them.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or value < 0:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value:#06x}"
        member._value_ = value
        return member

    def __reduce_ex__(self, protocol: Any) -> tuple[type[Self], tuple[int]]:
        # By value, as pseudo-members cannot be found by name.
        return type(self), (int(self),)

    @property
    def is_known(self) -> bool:
        """Whether the number is in the table."""
        return self._name_ in type(self).__members__


class ContainerType(OpenIntEnum):
    """What a container is. USB still image capture device definition 1.0, section 7.1."""

    COMMAND = 1
    DATA = 2
    RESPONSE = 3
    EVENT = 4


class ClassRequest(OpenIntEnum):
    """bRequest of the class's control requests. USB still image capture device definition 1.0, section 5.2."""

    #: Host to device: the data phase under way is to end.
    CANCEL = 0x64
    GET_EXTENDED_EVENT_DATA = 0x65
    #: Host to device: back to the state after SetConfiguration.
    DEVICE_RESET = 0x66
    GET_DEVICE_STATUS = 0x67


class DataType(OpenIntEnum):
    """Type of a property's value. MTP 1.1, section 3.2.

    Arrays are the element's type with the bit 0x4000 set, and begin with a count of 32 bits.
    """

    #: No value at all, not even one byte (ANDROID.md, GetObjectPropList).
    UNDEFINED = 0x0000
    INT8 = 0x0001
    UINT8 = 0x0002
    INT16 = 0x0003
    UINT16 = 0x0004
    INT32 = 0x0005
    UINT32 = 0x0006
    INT64 = 0x0007
    UINT64 = 0x0008
    INT128 = 0x0009
    UINT128 = 0x000A
    AINT8 = 0x4001
    AUINT8 = 0x4002
    AINT16 = 0x4003
    AUINT16 = 0x4004
    AINT32 = 0x4005
    AUINT32 = 0x4006
    AINT64 = 0x4007
    AUINT64 = 0x4008
    AINT128 = 0x4009
    AUINT128 = 0x400A
    STR = 0xFFFF


class OperationCode(OpenIntEnum):
    """What an initiator can ask. MTP 1.1, appendix D."""

    UNDEFINED = 0x1000
    #: Works without a session.
    GET_DEVICE_INFO = 0x1001
    OPEN_SESSION = 0x1002
    CLOSE_SESSION = 0x1003
    GET_STORAGE_IDS = 0x1004
    GET_STORAGE_INFO = 0x1005
    GET_NUM_OBJECTS = 0x1006
    GET_OBJECT_HANDLES = 0x1007
    GET_OBJECT_INFO = 0x1008
    GET_OBJECT = 0x1009
    GET_THUMB = 0x100A
    DELETE_OBJECT = 0x100B
    SEND_OBJECT_INFO = 0x100C
    SEND_OBJECT = 0x100D
    INITIATE_CAPTURE = 0x100E
    FORMAT_STORE = 0x100F
    RESET_DEVICE = 0x1010
    SELF_TEST = 0x1011
    SET_OBJECT_PROTECTION = 0x1012
    POWER_DOWN = 0x1013
    GET_DEVICE_PROP_DESC = 0x1014
    GET_DEVICE_PROP_VALUE = 0x1015
    SET_DEVICE_PROP_VALUE = 0x1016
    RESET_DEVICE_PROP_VALUE = 0x1017
    TERMINATE_OPEN_CAPTURE = 0x1018
    MOVE_OBJECT = 0x1019
    COPY_OBJECT = 0x101A
    #: 32-bit offset; GET_PARTIAL_OBJECT_64 reaches everywhere.
    GET_PARTIAL_OBJECT = 0x101B
    INITIATE_OPEN_CAPTURE = 0x101C

    # android.com 1.0: reading and editing in place, with 64-bit offsets (as low and high half).
    GET_PARTIAL_OBJECT_64 = 0x95C1
    SEND_PARTIAL_OBJECT = 0x95C2
    TRUNCATE_OBJECT = 0x95C3
    BEGIN_EDIT_OBJECT = 0x95C4
    END_EDIT_OBJECT = 0x95C5

    # MTP.
    GET_OBJECT_PROPS_SUPPORTED = 0x9801
    GET_OBJECT_PROP_DESC = 0x9802
    GET_OBJECT_PROP_VALUE = 0x9803
    SET_OBJECT_PROP_VALUE = 0x9804
    GET_OBJECT_PROP_LIST = 0x9805
    SET_OBJECT_PROP_LIST = 0x9806
    GET_INTERDEPENDENT_PROP_DESC = 0x9807
    SEND_OBJECT_PROP_LIST = 0x9808
    GET_OBJECT_REFERENCES = 0x9810
    SET_OBJECT_REFERENCES = 0x9811
    SKIP = 0x9820


class ResponseCode(OpenIntEnum):
    """How an operation ended. MTP 1.1, appendix F."""

    UNDEFINED = 0x2000
    OK = 0x2001
    GENERAL_ERROR = 0x2002
    SESSION_NOT_OPEN = 0x2003
    INVALID_TRANSACTION_ID = 0x2004
    OPERATION_NOT_SUPPORTED = 0x2005
    PARAMETER_NOT_SUPPORTED = 0x2006
    INCOMPLETE_TRANSFER = 0x2007
    INVALID_STORAGE_ID = 0x2008
    INVALID_OBJECT_HANDLE = 0x2009
    DEVICE_PROP_NOT_SUPPORTED = 0x200A
    INVALID_OBJECT_FORMAT_CODE = 0x200B
    STORE_FULL = 0x200C
    OBJECT_WRITE_PROTECTED = 0x200D
    STORE_READ_ONLY = 0x200E
    ACCESS_DENIED = 0x200F
    NO_THUMBNAIL_PRESENT = 0x2010
    SELF_TEST_FAILED = 0x2011
    PARTIAL_DELETION = 0x2012
    STORE_NOT_AVAILABLE = 0x2013
    SPECIFICATION_BY_FORMAT_UNSUPPORTED = 0x2014
    #: SendObject without a SendObjectInfo just before.
    NO_VALID_OBJECT_INFO = 0x2015
    INVALID_CODE_FORMAT = 0x2016
    UNKNOWN_VENDOR_CODE = 0x2017
    CAPTURE_ALREADY_TERMINATED = 0x2018
    DEVICE_BUSY = 0x2019
    INVALID_PARENT_OBJECT = 0x201A
    INVALID_DEVICE_PROP_FORMAT = 0x201B
    INVALID_DEVICE_PROP_VALUE = 0x201C
    INVALID_PARAMETER = 0x201D
    #: The one open session goes on working; parameter 1 is its id.
    SESSION_ALREADY_OPEN = 0x201E
    #: Also in the device status after a stall (ANDROID.md, Reading).
    TRANSACTION_CANCELLED = 0x201F
    SPECIFICATION_OF_DESTINATION_UNSUPPORTED = 0x2020

    # MTP.
    INVALID_OBJECT_PROP_CODE = 0xA801
    INVALID_OBJECT_PROP_FORMAT = 0xA802
    INVALID_OBJECT_PROP_VALUE = 0xA803
    INVALID_OBJECT_REFERENCE = 0xA804
    GROUP_NOT_SUPPORTED = 0xA805
    INVALID_DATASET = 0xA806
    SPECIFICATION_BY_GROUP_UNSUPPORTED = 0xA807
    SPECIFICATION_BY_DEPTH_UNSUPPORTED = 0xA808
    OBJECT_TOO_LARGE = 0xA809
    OBJECT_PROP_NOT_SUPPORTED = 0xA80A


class EventCode(OpenIntEnum):
    """What a responder tells of its own accord. MTP 1.1, appendix G."""

    UNDEFINED = 0x4000
    CANCEL_TRANSACTION = 0x4001
    #: Parameter 1: the object's handle.
    OBJECT_ADDED = 0x4002
    OBJECT_REMOVED = 0x4003
    #: Parameter 1: the storage's id.
    STORE_ADDED = 0x4004
    STORE_REMOVED = 0x4005
    DEVICE_PROP_CHANGED = 0x4006
    OBJECT_INFO_CHANGED = 0x4007
    DEVICE_INFO_CHANGED = 0x4008
    REQUEST_OBJECT_TRANSFER = 0x4009
    STORE_FULL = 0x400A
    DEVICE_RESET = 0x400B
    STORAGE_INFO_CHANGED = 0x400C
    CAPTURE_COMPLETE = 0x400D
    UNREPORTED_STATUS = 0x400E

    # MTP.
    OBJECT_PROP_CHANGED = 0xC801
    OBJECT_PROP_DESC_CHANGED = 0xC802
    OBJECT_REFERENCES_CHANGED = 0xC803


class ObjectFormat(OpenIntEnum):
    """What an object is. MTP 1.1, appendix A; 0x3811 and 0x3812 as PTP 1.1 and Android have them."""

    UNDEFINED = 0x3000
    #: A folder. Android knows folders by this alone (ANDROID.md, Handles and listing).
    ASSOCIATION = 0x3001
    SCRIPT = 0x3002
    EXECUTABLE = 0x3003
    TEXT = 0x3004
    HTML = 0x3005
    DPOF = 0x3006
    AIFF = 0x3007
    WAV = 0x3008
    MP3 = 0x3009
    AVI = 0x300A
    MPEG = 0x300B
    ASF = 0x300C
    UNDEFINED_IMAGE = 0x3800
    EXIF_JPEG = 0x3801
    TIFF_EP = 0x3802
    FLASHPIX = 0x3803
    BMP = 0x3804
    CIFF = 0x3805
    GIF = 0x3807
    JFIF = 0x3808
    PCD = 0x3809
    PICT = 0x380A
    PNG = 0x380B
    TIFF = 0x380D
    TIFF_IT = 0x380E
    JP2 = 0x380F
    JPX = 0x3810
    DNG = 0x3811
    HEIF = 0x3812

    # MTP.
    UNDEFINED_FIRMWARE = 0xB802
    WBMP = 0xB803
    JPEG_XR = 0xB804
    WINDOWS_IMAGE_FORMAT = 0xB881
    UNDEFINED_AUDIO = 0xB900
    WMA = 0xB901
    OGG = 0xB902
    AAC = 0xB903
    AUDIBLE = 0xB904
    FLAC = 0xB906
    QCELP = 0xB907
    AMR = 0xB908
    UNDEFINED_VIDEO = 0xB980
    WMV = 0xB981
    MP4_CONTAINER = 0xB982
    MP2 = 0xB983
    #: 3GPP, the container of older phones' videos.
    THREE_GP_CONTAINER = 0xB984
    THREE_G2 = 0xB985
    AVCHD = 0xB986
    ATSC_TS = 0xB987
    DVB_TS = 0xB988
    UNDEFINED_COLLECTION = 0xBA00
    ABSTRACT_MULTIMEDIA_ALBUM = 0xBA01
    ABSTRACT_IMAGE_ALBUM = 0xBA02
    ABSTRACT_AUDIO_ALBUM = 0xBA03
    ABSTRACT_VIDEO_ALBUM = 0xBA04
    ABSTRACT_AUDIO_VIDEO_PLAYLIST = 0xBA05
    ABSTRACT_CONTACT_GROUP = 0xBA06
    ABSTRACT_MESSAGE_FOLDER = 0xBA07
    ABSTRACT_CHAPTERED_PRODUCTION = 0xBA08
    ABSTRACT_AUDIO_PLAYLIST = 0xBA09
    ABSTRACT_VIDEO_PLAYLIST = 0xBA0A
    ABSTRACT_MEDIACAST = 0xBA0B
    WPL_PLAYLIST = 0xBA10
    M3U_PLAYLIST = 0xBA11
    MPL_PLAYLIST = 0xBA12
    ASX_PLAYLIST = 0xBA13
    PLS_PLAYLIST = 0xBA14
    UNDEFINED_DOCUMENT = 0xBA80
    ABSTRACT_DOCUMENT = 0xBA81
    XML_DOCUMENT = 0xBA82
    MICROSOFT_WORD_DOCUMENT = 0xBA83
    MHT_COMPILED_HTML_DOCUMENT = 0xBA84
    MICROSOFT_EXCEL_SPREADSHEET = 0xBA85
    MICROSOFT_POWERPOINT_PRESENTATION = 0xBA86
    UNDEFINED_MESSAGE = 0xBB00
    ABSTRACT_MESSAGE = 0xBB01
    UNDEFINED_CONTACT = 0xBB80
    ABSTRACT_CONTACT = 0xBB81
    VCARD_2 = 0xBB82
    VCARD_3 = 0xBB83
    UNDEFINED_CALENDAR_ITEM = 0xBE00
    ABSTRACT_CALENDAR_ITEM = 0xBE01
    VCALENDAR_1 = 0xBE02
    VCALENDAR_2 = 0xBE03
    UNDEFINED_WINDOWS_EXECUTABLE = 0xBE80
    MEDIA_CAST = 0xBE81
    SECTION = 0xBE82


class StorageType(OpenIntEnum):
    """What a storage is made of. MTP 1.1, section 5.2.2.1."""

    UNDEFINED = 0
    FIXED_ROM = 1
    REMOVABLE_ROM = 2
    #: A phone's own memory.
    FIXED_RAM = 3
    #: A card.
    REMOVABLE_RAM = 4


class FilesystemType(OpenIntEnum):
    """How a storage is organised. MTP 1.1, section 5.2.2.2."""

    UNDEFINED = 0
    GENERIC_FLAT = 1
    GENERIC_HIERARCHICAL = 2
    #: "Design rule for Camera File system": cameras.
    DCF = 3


class AccessCapability(OpenIntEnum):
    """What an initiator may do to a storage. MTP 1.1, section 5.2.2.3."""

    READ_WRITE = 0
    READ_ONLY_WITHOUT_OBJECT_DELETION = 1
    READ_ONLY_WITH_OBJECT_DELETION = 2


class ProtectionStatus(OpenIntEnum):
    """What may be done to one object. MTP 1.1, section 5.3.1.3."""

    NO_PROTECTION = 0x0000
    READ_ONLY = 0x0001
    READ_ONLY_DATA = 0x8002
    NON_TRANSFERABLE_DATA = 0x8003


class AssociationType(OpenIntEnum):
    """What an object of format ASSOCIATION gathers. MTP 1.1, section 3.6.2."""

    #: What Android gives for folders.
    UNDEFINED = 0
    GENERIC_FOLDER = 1
    ALBUM = 2
    TIME_SEQUENCE = 3
    HORIZONTAL_PANORAMIC = 4
    VERTICAL_PANORAMIC = 5
    TWO_D_PANORAMIC = 6
    ANCILLARY_DATA = 7


class GetSet(OpenIntEnum):
    """Whether a property may be written. MTP 1.1, section 5.1.2."""

    GET = 0
    GET_SET = 1


class FormFlag(OpenIntEnum):
    """How a property's description limits its values. MTP 1.1, sections 5.1.2 and 5.3.2."""

    NONE = 0x00
    #: Smallest, largest and step.
    RANGE = 0x01
    #: A list of values.
    ENUMERATION = 0x02
    #: A string that is a date.
    DATE_TIME = 0x03
    #: An array of always so many elements.
    FIXED_LENGTH_ARRAY = 0x04
    #: A string that matches.
    REGULAR_EXPRESSION = 0x05
    #: An array of at most so many bytes.
    BYTE_ARRAY = 0x06
    #: An array of at most so many UTF-16 units.
    LONG_STRING = 0xFF


class DeviceProperty(OpenIntEnum):
    """A property of the phone as a whole. MTP 1.1, appendix C."""

    UNDEFINED = 0x5000
    BATTERY_LEVEL = 0x5001
    FUNCTIONAL_MODE = 0x5002
    IMAGE_SIZE = 0x5003
    COMPRESSION_SETTING = 0x5004
    WHITE_BALANCE = 0x5005
    RGB_GAIN = 0x5006
    F_NUMBER = 0x5007
    FOCAL_LENGTH = 0x5008
    FOCUS_DISTANCE = 0x5009
    FOCUS_MODE = 0x500A
    EXPOSURE_METERING_MODE = 0x500B
    FLASH_MODE = 0x500C
    EXPOSURE_TIME = 0x500D
    EXPOSURE_PROGRAM_MODE = 0x500E
    EXPOSURE_INDEX = 0x500F
    EXPOSURE_BIAS_COMPENSATION = 0x5010
    DATE_TIME = 0x5011
    CAPTURE_DELAY = 0x5012
    STILL_CAPTURE_MODE = 0x5013
    CONTRAST = 0x5014
    SHARPNESS = 0x5015
    DIGITAL_ZOOM = 0x5016
    EFFECT_MODE = 0x5017
    BURST_NUMBER = 0x5018
    BURST_INTERVAL = 0x5019
    TIMELAPSE_NUMBER = 0x501A
    TIMELAPSE_INTERVAL = 0x501B
    FOCUS_METERING_MODE = 0x501C
    UPLOAD_URL = 0x501D
    ARTIST = 0x501E
    COPYRIGHT_INFO = 0x501F

    # MTP.
    SYNCHRONIZATION_PARTNER = 0xD401
    #: The name its owner gave the phone.
    DEVICE_FRIENDLY_NAME = 0xD402
    VOLUME = 0xD403
    SUPPORTED_FORMATS_ORDERED = 0xD404
    DEVICE_ICON = 0xD405
    #: Changes what Android sends (ANDROID.md, Reading): leave it alone.
    SESSION_INITIATOR_VERSION_INFO = 0xD406
    PERCEIVED_DEVICE_TYPE = 0xD407
    PLAYBACK_RATE = 0xD410
    PLAYBACK_OBJECT = 0xD411
    PLAYBACK_CONTAINER_INDEX = 0xD412
    PLAYBACK_POSITION = 0xD413


class ObjectProperty(OpenIntEnum):
    """A property of one object. MTP 1.1, appendix B."""

    STORAGE_ID = 0xDC01
    OBJECT_FORMAT = 0xDC02
    PROTECTION_STATUS = 0xDC03
    #: 64 bits, unlike the size in ObjectInfo.
    OBJECT_SIZE = 0xDC04
    ASSOCIATION_TYPE = 0xDC05
    ASSOCIATION_DESC = 0xDC06
    OBJECT_FILE_NAME = 0xDC07
    DATE_CREATED = 0xDC08
    DATE_MODIFIED = 0xDC09
    KEYWORDS = 0xDC0A
    PARENT_OBJECT = 0xDC0B
    ALLOWED_FOLDER_CONTENTS = 0xDC0C
    HIDDEN = 0xDC0D
    SYSTEM_OBJECT = 0xDC0E
    #: No identity on Android: a hash of path and date (ANDROID.md, Handles and listing).
    PERSISTENT_UNIQUE_OBJECT_IDENTIFIER = 0xDC41
    SYNC_ID = 0xDC42
    PROPERTY_BAG = 0xDC43
    NAME = 0xDC44
    CREATED_BY = 0xDC45
    ARTIST = 0xDC46
    DATE_AUTHORED = 0xDC47
    DESCRIPTION = 0xDC48
    URL_REFERENCE = 0xDC49
    LANGUAGE_LOCALE = 0xDC4A
    COPYRIGHT_INFORMATION = 0xDC4B
    SOURCE = 0xDC4C
    ORIGIN_LOCATION = 0xDC4D
    DATE_ADDED = 0xDC4E
    NON_CONSUMABLE = 0xDC4F
    CORRUPT_UNPLAYABLE = 0xDC50
    PRODUCER_SERIAL_NUMBER = 0xDC51
    REPRESENTATIVE_SAMPLE_FORMAT = 0xDC81
    REPRESENTATIVE_SAMPLE_SIZE = 0xDC82
    REPRESENTATIVE_SAMPLE_HEIGHT = 0xDC83
    REPRESENTATIVE_SAMPLE_WIDTH = 0xDC84
    REPRESENTATIVE_SAMPLE_DURATION = 0xDC85
    REPRESENTATIVE_SAMPLE_DATA = 0xDC86
    WIDTH = 0xDC87
    HEIGHT = 0xDC88
    DURATION = 0xDC89
    RATING = 0xDC8A
    TRACK = 0xDC8B
    GENRE = 0xDC8C
    CREDITS = 0xDC8D
    LYRICS = 0xDC8E
    SUBSCRIPTION_CONTENT_ID = 0xDC8F
    PRODUCED_BY = 0xDC90
    USE_COUNT = 0xDC91
    SKIP_COUNT = 0xDC92
    LAST_ACCESSED = 0xDC93
    PARENTAL_RATING = 0xDC94
    META_GENRE = 0xDC95
    COMPOSER = 0xDC96
    EFFECTIVE_RATING = 0xDC97
    SUBTITLE = 0xDC98
    ORIGINAL_RELEASE_DATE = 0xDC99
    ALBUM_NAME = 0xDC9A
    ALBUM_ARTIST = 0xDC9B
    MOOD = 0xDC9C
    DRM_STATUS = 0xDC9D
    SUB_DESCRIPTION = 0xDC9E
    IS_CROPPED = 0xDCD1
    IS_COLOUR_CORRECTED = 0xDCD2
    IMAGE_BIT_DEPTH = 0xDCD3
    F_NUMBER = 0xDCD4
    EXPOSURE_TIME = 0xDCD5
    EXPOSURE_INDEX = 0xDCD6
    DISPLAY_NAME = 0xDCE0
    BODY_TEXT = 0xDCE1
    SUBJECT = 0xDCE2
    PRIORITY = 0xDCE3

    # Contacts.
    GIVEN_NAME = 0xDD00
    MIDDLE_NAMES = 0xDD01
    FAMILY_NAME = 0xDD02
    PREFIX = 0xDD03
    SUFFIX = 0xDD04
    PHONETIC_GIVEN_NAME = 0xDD05
    PHONETIC_FAMILY_NAME = 0xDD06
    EMAIL_PRIMARY = 0xDD07
    EMAIL_PERSONAL_1 = 0xDD08
    EMAIL_PERSONAL_2 = 0xDD09
    EMAIL_BUSINESS_1 = 0xDD0A
    EMAIL_BUSINESS_2 = 0xDD0B
    EMAIL_OTHERS = 0xDD0C
    PHONE_NUMBER_PRIMARY = 0xDD0D
    PHONE_NUMBER_PERSONAL = 0xDD0E
    PHONE_NUMBER_PERSONAL_2 = 0xDD0F
    PHONE_NUMBER_BUSINESS = 0xDD10
    PHONE_NUMBER_BUSINESS_2 = 0xDD11
    PHONE_NUMBER_MOBILE = 0xDD12
    PHONE_NUMBER_MOBILE_2 = 0xDD13
    FAX_NUMBER_PRIMARY = 0xDD14
    FAX_NUMBER_PERSONAL = 0xDD15
    FAX_NUMBER_BUSINESS = 0xDD16
    PAGER_NUMBER = 0xDD17
    PHONE_NUMBER_OTHERS = 0xDD18
    PRIMARY_WEB_ADDRESS = 0xDD19
    PERSONAL_WEB_ADDRESS = 0xDD1A
    BUSINESS_WEB_ADDRESS = 0xDD1B
    INSTANT_MESSENGER_ADDRESS = 0xDD1C
    INSTANT_MESSENGER_ADDRESS_2 = 0xDD1D
    INSTANT_MESSENGER_ADDRESS_3 = 0xDD1E
    POSTAL_ADDRESS_PERSONAL_FULL = 0xDD1F
    POSTAL_ADDRESS_PERSONAL_LINE_1 = 0xDD20
    POSTAL_ADDRESS_PERSONAL_LINE_2 = 0xDD21
    POSTAL_ADDRESS_PERSONAL_CITY = 0xDD22
    POSTAL_ADDRESS_PERSONAL_REGION = 0xDD23
    POSTAL_ADDRESS_PERSONAL_POSTAL_CODE = 0xDD24
    POSTAL_ADDRESS_PERSONAL_COUNTRY = 0xDD25
    POSTAL_ADDRESS_BUSINESS_FULL = 0xDD26
    POSTAL_ADDRESS_BUSINESS_LINE_1 = 0xDD27
    POSTAL_ADDRESS_BUSINESS_LINE_2 = 0xDD28
    POSTAL_ADDRESS_BUSINESS_CITY = 0xDD29
    POSTAL_ADDRESS_BUSINESS_REGION = 0xDD2A
    POSTAL_ADDRESS_BUSINESS_POSTAL_CODE = 0xDD2B
    POSTAL_ADDRESS_BUSINESS_COUNTRY = 0xDD2C
    POSTAL_ADDRESS_OTHER_FULL = 0xDD2D
    POSTAL_ADDRESS_OTHER_LINE_1 = 0xDD2E
    POSTAL_ADDRESS_OTHER_LINE_2 = 0xDD2F
    POSTAL_ADDRESS_OTHER_CITY = 0xDD30
    POSTAL_ADDRESS_OTHER_REGION = 0xDD31
    POSTAL_ADDRESS_OTHER_POSTAL_CODE = 0xDD32
    POSTAL_ADDRESS_OTHER_COUNTRY = 0xDD33
    ORGANIZATION_NAME = 0xDD34
    PHONETIC_ORGANIZATION_NAME = 0xDD35
    ROLE = 0xDD36
    BIRTHDATE = 0xDD37

    # Messages, appointments, bookmarks and media casts.
    MESSAGE_TO = 0xDD40
    MESSAGE_CC = 0xDD41
    MESSAGE_BCC = 0xDD42
    MESSAGE_READ = 0xDD43
    MESSAGE_RECEIVED_TIME = 0xDD44
    MESSAGE_SENDER = 0xDD45
    ACTIVITY_BEGIN_TIME = 0xDD50
    ACTIVITY_END_TIME = 0xDD51
    ACTIVITY_LOCATION = 0xDD52
    ACTIVITY_REQUIRED_ATTENDEES = 0xDD54
    ACTIVITY_OPTIONAL_ATTENDEES = 0xDD55
    ACTIVITY_RESOURCES = 0xDD56
    ACTIVITY_ACCEPTED = 0xDD57
    ACTIVITY_TENTATIVE = 0xDD58
    ACTIVITY_DECLINED = 0xDD59
    ACTIVITY_REMINDER_TIME = 0xDD5A
    ACTIVITY_OWNER = 0xDD5B
    ACTIVITY_STATUS = 0xDD5C
    OWNER = 0xDD5D
    EDITOR = 0xDD5E
    WEBMASTER = 0xDD5F
    URL_SOURCE = 0xDD60
    URL_DESTINATION = 0xDD61
    TIME_BOOKMARK = 0xDD62
    OBJECT_BOOKMARK = 0xDD63
    BYTE_BOOKMARK = 0xDD64
    LAST_BUILD_DATE = 0xDD70
    TIME_TO_LIVE = 0xDD71
    MEDIA_GUID = 0xDD72

    # Sound and video.
    TOTAL_BITRATE = 0xDE91
    BITRATE_TYPE = 0xDE92
    SAMPLE_RATE = 0xDE93
    NUMBER_OF_CHANNELS = 0xDE94
    AUDIO_BIT_DEPTH = 0xDE95
    SCAN_TYPE = 0xDE97
    AUDIO_WAVE_CODEC = 0xDE99
    AUDIO_BITRATE = 0xDE9A
    VIDEO_FOURCC_CODEC = 0xDE9B
    VIDEO_BITRATE = 0xDE9C
    FRAMES_PER_THOUSAND_SECONDS = 0xDE9D
    KEYFRAME_DISTANCE = 0xDE9E
    BUFFER_SIZE = 0xDE9F
    ENCODING_QUALITY = 0xDEA0
    ENCODING_PROFILE = 0xDEA1
