import{o,H as a}from"./index-F3KhLeBp.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
