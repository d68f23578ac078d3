//! The common things that are counted, as printed in small letters, set apart by bars.

/// Members and bodies of the Party.
pub(super) const PARTY: &str = "tổ chức đảng|tổ chức cơ sở đảng|tccsđ|đảng viên|đảng viên mới|đảng viên dự bị|đảng viên chính thức|\
    chi bộ|chi bộ trực thuộc|chi bộ cơ sở|đảng bộ|đảng bộ cơ sở|đảng bộ bộ phận|đảng ủy|đảng ủy cơ sở|chi ủy|\
    chi ủy viên|cấp ủy|cấp ủy viên|cấp ủy cơ sở|bí thư|phó bí thư|bí thư chi bộ|ủy viên|quần chúng ưu tú|\
    quần chúng|huy hiệu đảng|huy hiệu|đồng chí|đại hội|ủy ban kiểm tra|tỉnh ủy viên|đảng đoàn|\
    ban cán sự đảng|loại hình tổ chức đảng|lượt đảng viên|lượt cán bộ, đảng viên|cán bộ, đảng viên|đv";

/// People.
pub(super) const PEOPLE: &str = "nguyên phó chủ tịch|nguyên chủ tịch|nguyên bí thư|cán bộ|cán bộ, công chức|cán bộ, công chức, viên chức|công chức|viên chức|người lao động|lao động|\
    công nhân|đoàn viên|hội viên|đại biểu|đại biểu chính thức|học viên|học sinh|sinh viên|giáo viên|\
    báo cáo viên|tuyên truyền viên|người|người dân|lượt người|lượt|lượt cán bộ|lượt học viên|hộ|hộ dân|\
    hộ nghèo|hộ cận nghèo|hộ gia đình|gia đình|thành viên|cá nhân|tập thể|trường hợp|chiến sĩ|\
    cán bộ, chiến sĩ|thanh niên|phụ nữ|nông dân|cựu chiến binh|người có uy tín|trẻ em|đối tượng|bị can|\
    bị cáo|đội viên|thí sinh|khách|du khách|nhân khẩu|khẩu|cử tri|nữ|nam|dân|thân nhân|bệnh nhân|ứng viên|\
    ứng cử viên|nhà báo|phóng viên|tác giả|hòa giải viên|người có công|thương binh|bà mẹ việt nam anh hùng|\
    chủ doanh nghiệp|dân tộc|hội đồng";

/// Bodies and places.
pub(super) const BODIES: &str = "tổ chức|cơ quan|cơ quan, đơn vị|đơn vị|đơn vị hành chính|doanh nghiệp|hợp tác xã|xã|phường|đặc khu|\
    xã, phường|thị trấn|huyện|tỉnh|tỉnh, thành phố|tỉnh, thành|thành phố|thôn|bản|ấp|khóm|buôn|tổ dân phố|\
    khu phố|khu dân cư|thôn, bản|tổ dân vận|tổ công nghệ số cộng đồng|tổ|đoàn|đoàn kiểm tra|đoàn công tác|\
    đội|ban chỉ đạo|sở, ngành|sở, ban, ngành|phòng, ban|chi hội|chi đoàn|công đoàn|công đoàn cơ sở|trường|\
    trường học|cơ sở|câu lạc bộ|đầu mối|địa phương|điểm cầu|điểm|khối|cụm|ngành|trung tâm|trạm";

/// Doings and papers.
pub(super) const WORKS: &str = "mô hình|điển hình|công trình|phần việc|dự án|cuộc|cuộc kiểm tra|cuộc giám sát|cuộc đối thoại|cuộc họp|\
    hội nghị|hội nghị phản biện|hội thảo|tọa đàm|buổi|buổi sinh hoạt|lớp|lớp bồi dưỡng|khóa bồi dưỡng|\
    khóa học|chuyên đề|kỳ họp|phiên họp|đợt|vụ|vụ việc|vụ án|đơn|đơn thư|lượt đơn|đơn tố cáo|đơn khiếu nại|\
    kiến nghị|phản ánh|ý kiến|ý kiến góp ý|lượt ý kiến|câu hỏi|quyết định|nghị quyết|chỉ thị|kết luận|\
    văn bản|dự thảo|dự thảo văn bản|báo cáo|đề án|kế hoạch|chương trình|nhiệm vụ|yêu cầu|đề xuất|nhóm nhiệm vụ|chỉ tiêu|giải pháp|\
    nhóm giải pháp|nội dung|tiêu chí|phiếu|tham luận|bài viết|tin, bài|tin bài|tác phẩm|bài dự thi|giải|\
    giải thưởng|bằng khen|giấy khen|huân chương|danh hiệu|hồ sơ|thủ tục|thủ tục hành chính|nhóm|nhóm vấn đề|\
    vấn đề|bài học|khuyết điểm|sáng kiến|việc làm|việc|hoạt động|phong trào|biên chế|chức danh|vị trí|\
    vị trí việc làm|điểm nhấn|đột phá|khâu đột phá|tiết mục|sản phẩm|lần|suất quà|phần quà|suất học bổng|\
    học bổng|suất|căn nhà|ngôi nhà|căn|nhà đại đoàn kết|nhà ở|nhà tạm|cây|cây xanh|ngày công|giờ công|\
    tài khoản|cuốn|bộ hồ sơ|bộ máy tính|máy tính|xe|tuyến đường|tuyến|cây cầu|con đường|phương tiện|thiết bị|\
    camera|mục tiêu|biểu hiện|hiện vật|cầu thủ|vận động viên|hiệu trưởng|phó chủ tịch|chủ tịch|thứ trưởng|\
    bộ trưởng|bước|khâu|tủ sách|quyển|đầu sách|pano|băng rôn|khẩu hiệu|ca khúc|gương mặt|chiếc|trang|\
    thôn trắng đảng viên|cơ sở dữ liệu|chữ ký số|chữ ký|lá cờ|chỗ|phòng học|phần|đơn vị máu|túi|thùng";

/// Money and measures.
pub(super) const MEASURES: &str = "đồng|vnd|usd|đô la|euro|ha|héc-ta|hecta|km|km2|m|m2|m3|mét|mét vuông|tấn|tạ|kg|lít|điểm phần trăm|mw|kwh|\
    độ|gam|ki-lô-mét|cây số|lần|công đất|sào";

/// Spans of time and ages, and the voltage that a power line is called by: never in the table.
pub(super) const TIMES: &str = "năm|tháng|ngày|giờ|phút|giây|tuần|quý|thập kỷ|thập niên|thế kỷ|nhiệm kỳ|tuổi|tuổi đảng|năm tuổi|đêm|hôm|\
    mùa|vụ mùa|h|giờ đồng hồ|khóa liền|tuổi đời|buổi sáng|mùa xuân|kv";

/// Words that are no thing counted, and end one.
pub(super) const STOPS: &str = "và với cùng hoặc hay của tại ở trong trên dưới từ đến tới cho về theo so bằng do để vào qua khi nếu mà là thì có được bị đã đang \
     sẽ không chưa chẳng vẫn còn này đó kia nói trực thuộc thuộc diện đạt tăng giảm tham thực hiện hoàn gồm nhằm như cũng đều tiếp tục phải cần nên \
     vì bởi tuy nhưng song ngoài giữa trước sau hơn gần khoảng trở lên xuống nữa đầu cuối tức bao gồm chiếm vượt rồi lại ra đi thông sử dụng tốt sạch xanh đẹp sao \
     nhất dám biết chung rõ tự mới cũ lớn nhỏ cao thấp nhanh chậm an dương âm phẩy chia nhân cộng trừ a b c d đ e g h i k l o p r s t u v x y số tỷ tỉ lệ \
     trước mắt chủ yếu đối làm lao lên mất bắt triển khai kết nạp kiểm tra giám sát khai trừ khiển cảnh cáo cách chức xóa đưa người-ta nào ai gì khác \
     đồng thời nhờ mỗi mọi các những từng một hai ba bốn năm sáu bảy tám chín mười ấy dự trao tặng bầu mở yêu cầu đề nghị trình phê duyệt ban hành \
     quyết nêu chỉ xem xét xử lý giải tổng sáng chiều tối hằng hàng toàn riêng sang kỳ cấp khóa lần bên phía mặt tương ứng ứng vừa xong nay vậy";
